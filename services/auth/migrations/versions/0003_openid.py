"""What OpenID Connect needs: clients of people, authorization codes, token families, revocations."""

from services.auth.migrations.scripts import run_script

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    run_script("0003_openid")
