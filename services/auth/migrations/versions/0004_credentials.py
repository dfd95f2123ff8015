"""Second factors, recovery, and mail that waits to be sent."""

from services.auth.migrations.scripts import run_script

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    run_script("0004_credentials")
