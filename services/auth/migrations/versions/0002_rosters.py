"""Roster imports, and what they must know of rows that are theirs."""

from alembic import op

from libs.common.migrations import service_role
from services.auth.migrations.scripts import run_script

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    run_script("0002_rosters")
    op.execute("revoke execute on function analyze_rosters() from public")
    op.execute(f"grant execute on function analyze_rosters() to {service_role()}")
    # Imports stage their rows in temporary tables.
    database = op.get_bind().exec_driver_sql("select quote_ident(current_database())").scalar_one()
    op.execute(f"grant temporary on database {database} to {service_role()}")
