"""Look-ups of a call that do not grow with the number of institutions."""

from pathlib import Path

from alembic import op

revision = "0019"
down_revision = "0018"

_FILE = Path(__file__).parents[1] / "sql" / "0019_resolution.sql"


def upgrade() -> None:
    for statement in _FILE.read_text(encoding="utf-8").split("\n\n"):
        op.get_bind().exec_driver_sql(statement)
