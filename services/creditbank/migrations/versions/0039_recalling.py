"""Calls sent again are answered by an index from the first one on."""

from pathlib import Path

from alembic import op

revision = "0039"
down_revision = "0038"

_FILE = Path(__file__).parents[1] / "sql" / "0039_recalling.sql"


def upgrade() -> None:
    for statement in _FILE.read_text(encoding="utf-8").split("\n\n"):
        op.get_bind().exec_driver_sql(statement)
