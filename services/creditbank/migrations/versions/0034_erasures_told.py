"""Recipients of statements are told what was erased."""

from pathlib import Path

from alembic import op

revision = "0034"
down_revision = "0033"

_FILE = Path(__file__).parents[1] / "sql" / "0034_erasures_told.sql"


def upgrade() -> None:
    for statement in _FILE.read_text(encoding="utf-8").split("\n\n"):
        op.get_bind().exec_driver_sql(statement)
