"""Clients can be closed for good."""

from services.auth.migrations.scripts import run_script

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    run_script("0010_closed_clients")
