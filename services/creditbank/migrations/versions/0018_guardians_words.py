"""Forgets which guardian spoke for a child, when the guardian is erased."""

from pathlib import Path

from alembic import op

revision = "0018"
down_revision = "0017"

_FILE = Path(__file__).parents[1] / "sql" / "0018_guardians_words.sql"


def upgrade() -> None:
    for statement in _FILE.read_text(encoding="utf-8").split("\n\n"):
        op.get_bind().exec_driver_sql(statement)
