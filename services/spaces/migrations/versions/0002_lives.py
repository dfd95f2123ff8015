"""People merged and erased, and the consent of guardians."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

CONSENT = """
alter table person
  add column consent text not null default 'not-needed'
    constraint person_consent check (consent in ('not-needed', 'missing', 'given', 'refused', 'withdrawn'))
"""

RETIRED = """
create table retired_person (id uuid primary key, survivor uuid)
"""

# Who writes for a person asks here just before. Whoever merges or erases holds the lock, so that nothing is
# left under an old id; in a volatile function each statement sees what the lock was waited for.
LIVING = """
create function living(person uuid) returns uuid language plpgsql volatile as $$
begin
  perform pg_advisory_xact_lock_shared(hashtextextended('lives', 0));
  return (select case when r.id is null then living.person else r.survivor end
    from (select) one left join retired_person r on r.id = living.person);
end
$$
"""


def upgrade() -> None:
    op.execute(CONSENT)
    op.execute(RETIRED)
    op.execute("create index retired_person_survivor on retired_person (survivor)")
    op.execute(LIVING)
    # All posts of a space, not only the published: a person's space is looked through when the person goes.
    op.execute("create index post_space on post (space, id)")
    op.execute("drop index post_published")
