"""The public log: every entry's commitment awaits a leaf, whoever writes it."""

from pathlib import Path

from alembic import op

from libs.common.migrations import service_role

revision = "0003"
down_revision = "0002"

_FILE = Path(__file__).parents[1] / "sql" / "0003_log.sql"
#: written through the functions only: what was ordered or signed cannot be altered
_TABLES = "log, log_key, log_pending, log_block, log_checkpoint"
_FUNCTIONS = ("begin_log", "add_log_key", "retire_log_key", "order_leaves", "record_checkpoint")


def upgrade() -> None:
    for statement in _FILE.read_text(encoding="utf-8").split("\n\n"):
        op.get_bind().exec_driver_sql(statement)
    role = service_role()
    op.execute(f"revoke all on {_TABLES} from {role}")
    op.execute(f"grant select on {_TABLES} to {role}")
    for function in (*_FUNCTIONS, "await_leaves"):
        op.execute(f"revoke all on function {function} from public")
    for function in _FUNCTIONS:
        op.execute(f"grant execute on function {function} to {role}")
