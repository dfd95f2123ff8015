"""Reading the books as of any time, and guardians, who read for a child."""

from pathlib import Path

from alembic import op

from libs.common.migrations import service_role

revision = "0007"
down_revision = "0006"

_FILE = Path(__file__).parents[1] / "sql" / "0007_reading.sql"


def upgrade() -> None:
    for statement in _FILE.read_text(encoding="utf-8").split("\n\n"):
        op.get_bind().exec_driver_sql(statement)
    op.execute(f"grant select on dated_entry to {service_role()}")
