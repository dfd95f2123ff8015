"""Holds, redemption, conversion, expiry, revocation, freezing: more functions that alone write the books."""

from pathlib import Path

from alembic import op

from libs.common.migrations import service_role

revision = "0004"
down_revision = "0003"

_FOLDER = Path(__file__).parents[1] / "sql"
_SCRIPTS = ("tables", "documents", "moving", "conversions", "corrections")
_TABLES = "hold, conversion, conversion_lot, account_freeze"
_WRITERS = ("post_operations", "post_conversions", "begin_freeze", "end_freeze")
#: parts of the writers, of no use to anybody else
_INNER = ("lock_accounts", "moves_of", "refusals_of", "judge_operations", "write_operations", "move_credits")


def upgrade() -> None:
    for name in _SCRIPTS:
        for statement in (_FOLDER / f"0004_{name}.sql").read_text(encoding="utf-8").split("\n\n"):
            op.get_bind().exec_driver_sql(statement)
    role = service_role()
    op.execute(f"revoke all on {_TABLES} from {role}")
    op.execute(f"grant select on {_TABLES} to {role}")
    for function in (*_WRITERS, *_INNER):
        op.execute(f"revoke all on function {function} from public")
    for writer in _WRITERS:
        op.execute(f"grant execute on function {writer} to {role}")
