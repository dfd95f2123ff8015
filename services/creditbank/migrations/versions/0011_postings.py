"""Finding an institution's own postings, and its own profiles of files."""

from pathlib import Path

from alembic import op

from libs.common.migrations import service_role

revision = "0011"
down_revision = "0010"

_FILE = Path(__file__).parents[1] / "sql" / "0011_postings.sql"


def upgrade() -> None:
    for statement in _FILE.read_text(encoding="utf-8").split("\n\n"):
        op.get_bind().exec_driver_sql(statement)
    role = service_role()
    # What a version says stays; it may only be withdrawn.
    op.execute(f"revoke update, delete, truncate on posting_profile from {role}")
    op.execute(f"grant update (withdrawn_at, withdrawn_by) on posting_profile to {role}")
