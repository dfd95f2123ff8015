"""Schemes, institutions, outcomes, learners, the books, and the functions that alone write them."""

from pathlib import Path

from alembic import op

from libs.common.migrations import create_inbox, create_outbox, create_uuid7, service_role

revision = "0001"
down_revision = None

_FOLDER = Path(__file__).parents[1] / "sql"
_SCRIPTS = ("reference", "learners", "ledger", "commitments", "accounts", "resolution", "posting", "checks")
#: rows of these come and go through the functions only, so that nothing can be altered unseen
_BOOKS = "account, lot, entry, posting, deposit_batch, shred_key"
_WRITERS = ("open_accounts", "post_deposits")


def upgrade() -> None:
    create_uuid7()
    create_outbox()
    create_inbox()
    for name in _SCRIPTS:
        # Statements are parted by empty lines.
        for statement in (_FOLDER / f"0001_{name}.sql").read_text(encoding="utf-8").split("\n\n"):
            op.get_bind().exec_driver_sql(statement)
    role = service_role()
    op.execute(f"revoke all on {_BOOKS} from {role}")
    op.execute(f"grant select on {_BOOKS}, entry_document to {role}")
    for writer in _WRITERS:
        op.execute(f"revoke all on function {writer} from public")
        op.execute(f"grant execute on function {writer} to {role}")
