"""A client and whoever can act as it are one, where two must act."""

from pathlib import Path

from alembic import op

from libs.common.migrations import service_role

revision = "0024"
down_revision = "0023"

_FILE = Path(__file__).parents[1] / "sql" / "0024_keepers.sql"


def upgrade() -> None:
    for statement in _FILE.read_text(encoding="utf-8").split("\n\n"):
        op.get_bind().exec_driver_sql(statement)
    op.execute(f"revoke update, delete, truncate on client_keeper from {service_role()}")
