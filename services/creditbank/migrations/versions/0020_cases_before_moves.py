"""Keeps a learner with an open case at home until it is decided."""

from pathlib import Path

from alembic import op

revision = "0020"
down_revision = "0019"

_FILE = Path(__file__).parents[1] / "sql" / "0020_cases_before_moves.sql"


def upgrade() -> None:
    op.get_bind().exec_driver_sql(_FILE.read_text(encoding="utf-8"))
