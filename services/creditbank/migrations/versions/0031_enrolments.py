"""Students' joining and leaving of schools is told to their records."""

from pathlib import Path

from alembic import op

revision = "0031"
down_revision = "0030"

_FILE = Path(__file__).parents[1] / "sql" / "0031_enrolments.sql"


def upgrade() -> None:
    for statement in _FILE.read_text(encoding="utf-8").split("\n\n"):
        op.get_bind().exec_driver_sql(statement)
