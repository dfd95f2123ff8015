"""Consent of guardians, invitations, and what changes by the calendar."""

from services.auth.migrations.scripts import run_script

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    run_script("0005_guardians")
