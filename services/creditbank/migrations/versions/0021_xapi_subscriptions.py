"""Where an organisation's statements are sent."""

from pathlib import Path

from alembic import op

from libs.common.migrations import service_role

revision = "0021"
down_revision = "0020"

_FILE = Path(__file__).parents[1] / "sql" / "0021_xapi_subscriptions.sql"


def upgrade() -> None:
    for statement in _FILE.read_text(encoding="utf-8").split("\n\n"):
        op.get_bind().exec_driver_sql(statement)
    role = service_role()
    # Who decided stays on record, and where statements go is never altered, only ended.
    op.execute(f"revoke update, delete, truncate on xapi_subscription_change from {role}")
    op.execute(f"revoke update, delete, truncate on xapi_subscription from {role}")
    columns = "status, position, delivered, failing_since, last_error, next_at, sealed"
    op.execute(f"grant update ({columns}) on xapi_subscription to {role}")
