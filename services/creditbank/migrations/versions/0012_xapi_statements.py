"""The learning record store's statements, what they are found by, and their attachments."""

from pathlib import Path

from alembic import op

from libs.common.migrations import service_role

revision = "0012"
down_revision = "0011"

_FILE = Path(__file__).parents[1] / "sql" / "0012_xapi_statements.sql"


def upgrade() -> None:
    for statement in _FILE.read_text(encoding="utf-8").split("\n\n"):
        op.get_bind().exec_driver_sql(statement)
    # What was stated stays as it is; only whether it is voided, and whose record it is, is learned later.
    op.execute(f"revoke update on xapi_statement, xapi_attachment from {service_role()}")
    op.execute(f"grant update (voided, learner) on xapi_statement to {service_role()}")
