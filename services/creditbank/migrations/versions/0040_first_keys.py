"""A call's first key is looked up by an index from the first call on."""

from pathlib import Path

from alembic import op

revision = "0040"
down_revision = "0039"

_FILE = Path(__file__).parents[1] / "sql" / "0040_first_keys.sql"


def upgrade() -> None:
    op.get_bind().exec_driver_sql(_FILE.read_text(encoding="utf-8"))
