"""Documents that learners bring from elsewhere."""

from pathlib import Path

from alembic import op

revision = "0033"
down_revision = "0032"

_FILE = Path(__file__).parents[1] / "sql" / "0033_record_documents.sql"


def upgrade() -> None:
    for statement in _FILE.read_text(encoding="utf-8").split("\n\n"):
        op.get_bind().exec_driver_sql(statement)
