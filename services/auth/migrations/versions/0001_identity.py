"""Organisations, people, classes, accounts, clients, keys, audit, and the events that tell of them."""

from alembic import op

from libs.common.migrations import create_outbox, create_uuid7, service_role
from services.auth.migrations.scripts import run_script

revision = "0001"
down_revision = None


def upgrade() -> None:
    create_uuid7()
    create_outbox()
    for name in ("organisations", "people", "classes", "identity", "audit", "events"):
        run_script(f"0001_{name}")
    # Rows of the audit are for ever, also for the service itself.
    op.execute(f"revoke update, delete, truncate on audit from {service_role()}")
