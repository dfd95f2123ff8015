"""Who read learners' records."""

from pathlib import Path

from alembic import op

revision = "0023"
down_revision = "0022"

_FILE = Path(__file__).parents[1] / "sql" / "0023_readings.sql"


def upgrade() -> None:
    for statement in _FILE.read_text(encoding="utf-8").split("\n\n"):
        op.get_bind().exec_driver_sql(statement)
