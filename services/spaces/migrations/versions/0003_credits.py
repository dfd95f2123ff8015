"""What became of credits after they were posted."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("alter table credit_total add column redeemed bigint not null default 0")
