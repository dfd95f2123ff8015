"""Records that learners bring from elsewhere."""

from pathlib import Path

from alembic import op

revision = "0030"
down_revision = "0029"

_FILE = Path(__file__).parents[1] / "sql" / "0030_record_imports.sql"


def upgrade() -> None:
    for statement in _FILE.read_text(encoding="utf-8").split("\n\n"):
        op.get_bind().exec_driver_sql(statement)
