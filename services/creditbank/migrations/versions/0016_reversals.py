"""Taking back conversions: one more function that writes the books."""

from pathlib import Path

from alembic import op

from libs.common.migrations import service_role

revision = "0016"
down_revision = "0015"

_FILE = Path(__file__).parents[1] / "sql" / "0016_reversals.sql"
_INNER = ("reversal_refusal", "give_back_converted", "withdraw_converted")


def upgrade() -> None:
    for statement in _FILE.read_text(encoding="utf-8").split("\n\n"):
        op.get_bind().exec_driver_sql(statement)
    for function in (*_INNER, "reverse_conversion"):
        op.execute(f"revoke all on function {function} from public")
    op.execute(f"grant execute on function reverse_conversion to {service_role()}")
