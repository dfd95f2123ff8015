"""Others learn who can act as which client."""

from services.auth.migrations.scripts import run_script

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    run_script("0009_entrusted")
