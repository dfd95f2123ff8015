"""Tells others what happens to credits after they were posted."""

from pathlib import Path

from alembic import op

from libs.common.migrations import service_role

revision = "0015"
down_revision = "0014"

_FILE = Path(__file__).parents[1] / "sql" / "0015_events.sql"


def upgrade() -> None:
    for statement in _FILE.read_text(encoding="utf-8").split("\n\n"):
        op.get_bind().exec_driver_sql(statement)
    role = service_role()
    for function in ("tell_operations", "convert_credits", "post_conversions"):
        op.execute(f"revoke all on function {function} from public")
    op.execute(f"revoke all on function convert_credits from {role}")
    op.execute(f"grant execute on function post_conversions to {role}")
    op.execute(f"grant update (version) on award to {role}")
