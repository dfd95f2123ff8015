"""What people did, as creditbank sums it up."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "create table record_summary (person uuid constraint record_summary_pkey primary key,"
        " version bigint not null, summary json not null)"
    )
