"""Deposits of which nothing is to be judged are written with one look at each account."""

from pathlib import Path

from alembic import op

revision = "0038"
down_revision = "0037"

_FILE = Path(__file__).parents[1] / "sql" / "0038_plain_deposits.sql"


def upgrade() -> None:
    for statement in _FILE.read_text(encoding="utf-8").split("\n\n"):
        op.get_bind().exec_driver_sql(statement)
    for function in ("are_known", "post_plain_deposits"):
        op.execute(f"revoke all on function {function} from public")
