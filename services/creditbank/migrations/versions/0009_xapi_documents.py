"""The learning record store's credentials, documents, and what activities are called."""

from pathlib import Path

from alembic import op

from libs.common.migrations import service_role

revision = "0009"
down_revision = "0008"

_FILE = Path(__file__).parents[1] / "sql" / "0009_xapi_documents.sql"


def upgrade() -> None:
    for statement in _FILE.read_text(encoding="utf-8").split("\n\n"):
        op.get_bind().exec_driver_sql(statement)
    role = service_role()
    # Who issued and ended a credential stays, and whose it is cannot be altered.
    op.execute(f"revoke update, delete, truncate on xapi_credential_change from {role}")
    op.execute(f"revoke update, delete, truncate on xapi_credential from {role}")
    op.execute(f"grant update (revoked_at) on xapi_credential to {role}")
