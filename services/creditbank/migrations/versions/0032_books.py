"""Fewer bytes and writes a lot: one key of attempts, and spending writes no index anew."""

from pathlib import Path

from alembic import op

from libs.common.migrations import service_role

revision = "0032"
down_revision = "0031"

_FILE = Path(__file__).parents[1] / "sql" / "0032_books.sql"


def upgrade() -> None:
    for statement in _FILE.read_text(encoding="utf-8").split("\n\n"):
        op.get_bind().exec_driver_sql(statement)
    op.execute("revoke all on function await_expiry from public")
    op.execute(f"revoke insert, update, delete, truncate on expiring_book from {service_role()}")
