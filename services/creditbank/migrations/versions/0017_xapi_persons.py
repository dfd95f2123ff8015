"""Which agents of statements are the same person."""

from pathlib import Path

from alembic import op

revision = "0017"
down_revision = "0016"

_FILE = Path(__file__).parents[1] / "sql" / "0017_xapi_persons.sql"


def upgrade() -> None:
    for statement in _FILE.read_text(encoding="utf-8").split("\n\n"):
        op.get_bind().exec_driver_sql(statement)
