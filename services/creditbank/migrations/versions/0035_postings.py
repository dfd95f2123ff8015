"""A deposit's postings in its entry, and `posting` a view of these and of the lines of all others."""

from pathlib import Path

from alembic import op

from libs.common.migrations import service_role

revision = "0035"
down_revision = "0034"

_FILE = Path(__file__).parents[1] / "sql" / "0035_postings.sql"


def upgrade() -> None:
    for statement in _FILE.read_text(encoding="utf-8").split("\n\n"):
        op.get_bind().exec_driver_sql(statement)
    role = service_role()
    op.execute(f"revoke all on posting from {role}")
    op.execute(f"grant select on posting to {role}")
