"""Roster imports, and what they must know of rows that are theirs."""

from services.auth.migrations.scripts import run_script

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    run_script("0002_rosters")
