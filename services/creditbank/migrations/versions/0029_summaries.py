"""What learners did by month, kind and subject, counted as it happens."""

from pathlib import Path

from alembic import op

revision = "0029"
down_revision = "0028"

_FILE = Path(__file__).parents[1] / "sql" / "0029_summaries.sql"


def upgrade() -> None:
    for statement in _FILE.read_text(encoding="utf-8").split("\n\n"):
        op.get_bind().exec_driver_sql(statement)
