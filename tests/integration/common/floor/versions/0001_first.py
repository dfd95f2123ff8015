"""The tables every service has, and one of notes."""

from alembic import op

from libs.common.migrations import create_inbox, create_outbox, create_uuid7

revision = "0001"
down_revision = None


def upgrade() -> None:
    create_uuid7()
    create_outbox()
    create_inbox()
    op.execute(
        "create table note (id uuid primary key default uuid7(), place bigint generated always as identity,"
        " text text not null unique)"
    )
