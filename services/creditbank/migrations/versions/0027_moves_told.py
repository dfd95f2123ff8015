"""Moves between bank nodes are told."""

from pathlib import Path

from alembic import op

revision = "0027"
down_revision = "0026"

_FILE = Path(__file__).parents[1] / "sql" / "0027_moves_told.sql"


def upgrade() -> None:
    for statement in _FILE.read_text(encoding="utf-8").split("\n\n"):
        op.get_bind().exec_driver_sql(statement)
