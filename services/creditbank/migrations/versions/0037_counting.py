"""Counting statements for summaries reads each once, and finds learners by their ids."""

from pathlib import Path

from alembic import op

revision = "0037"
down_revision = "0035"

_FILE = Path(__file__).parents[1] / "sql" / "0037_counting.sql"


def upgrade() -> None:
    for statement in _FILE.read_text(encoding="utf-8").split("\n\n"):
        op.get_bind().exec_driver_sql(statement)
