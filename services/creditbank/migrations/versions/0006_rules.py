"""Versioned rules, awards, transfers, recognition of prior learning, and what waits for whom."""

from pathlib import Path

from alembic import op

from libs.common.migrations import service_role

revision = "0006"
down_revision = "0005"

_FILE = Path(__file__).parents[1] / "sql" / "0006_rules.sql"
#: what was asked for and decided stays; only its state goes on
_KEPT = "rule, transfer, transfer_lot, recognition, recognition_item, award, award_lot, award_hold"


def upgrade() -> None:
    for statement in _FILE.read_text(encoding="utf-8").split("\n\n"):
        op.get_bind().exec_driver_sql(statement)
    role = service_role()
    op.execute(f"revoke delete, truncate on {_KEPT} from {role}")
    op.execute(f"revoke update on rule, award, award_lot, award_hold from {role}")
    # What a version of rules says, and what an award was granted for, nobody can alter.
    op.execute(f"grant update (state, decided_by, decided_at, reason) on rule to {role}")
    op.execute(
        "grant update (state, decided_by, decided_at, reason, rescission_by, rescission_at,"
        f" rescission_reason, rescinded_by, rescinded_at) on award to {role}"
    )
    op.execute(f"grant update (redemption) on award_hold to {role}")
    op.execute(f"grant select on waiting_approval to {role}")
    op.execute("revoke all on function forget_claims from public")
