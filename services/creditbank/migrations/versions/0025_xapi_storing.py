"""Statements are stored with fewer looks at what is there, and never again once they are erased."""

from pathlib import Path

from alembic import op

revision = "0025"
down_revision = "0024"

_FILE = Path(__file__).parents[1] / "sql" / "0025_xapi_storing.sql"


def upgrade() -> None:
    for statement in _FILE.read_text(encoding="utf-8").split("\n\n"):
        op.get_bind().exec_driver_sql(statement)
