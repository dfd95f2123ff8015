"""Commitments without a function call inside: what is answered and written stays the same."""

from pathlib import Path

from alembic import op

revision = "0010"
down_revision = "0009"

_FILE = Path(__file__).parents[1] / "sql" / "0010_commitments.sql"


def upgrade() -> None:
    for statement in _FILE.read_text(encoding="utf-8").split("\n\n"):
        op.get_bind().exec_driver_sql(statement)
