"""A learner's whole record in the order in which things happened."""

from pathlib import Path

from alembic import op

revision = "0022"
down_revision = "0021"

_FILE = Path(__file__).parents[1] / "sql" / "0022_record.sql"


def upgrade() -> None:
    for statement in _FILE.read_text(encoding="utf-8").split("\n\n"):
        op.get_bind().exec_driver_sql(statement)
