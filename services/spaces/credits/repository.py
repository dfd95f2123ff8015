"""Credits by person, scheme and institution, added up from the credit bank's postings."""

from collections.abc import Sequence
from uuid import UUID

from services.spaces.tables import Connection

# Amounts are hundredths in the table and decimal text in events.
_ADD = """
insert into credit_total as t (person, scheme, institution, amount, entries)
select coalesce(r.survivor, e.learner), p.scheme, p.institution, sum((e.amount * 100)::bigint), count(*)
from jsonb_to_recordset($1::jsonb) as p (institution uuid, scheme text, entries jsonb)
cross join lateral jsonb_to_recordset(p.entries) as e (learner uuid, amount numeric)
left join retired_person r on r.id = e.learner
where r.id is null or r.survivor is not null
group by 1, p.scheme, p.institution
order by 1, p.scheme, p.institution
on conflict (person, scheme, institution) do update set
  amount = t.amount + excluded.amount, entries = t.entries + excluded.entries
"""

_HAND_OVER = """
with gone as (
  delete from credit_total where person = $1 returning scheme, institution, amount, entries
)
insert into credit_total as t (person, scheme, institution, amount, entries)
select $2, scheme, institution, amount, entries from gone
on conflict (person, scheme, institution) do update set
  amount = t.amount + excluded.amount, entries = t.entries + excluded.entries
"""


async def add(connection: Connection, postings: bytes) -> None:
    """Add a JSON array of postings to the totals; each posting must come exactly once.

    Those for a merged person are the survivor's, those for an erased one nobody's: hold `lives.service.lock`.
    """
    await connection.execute(_ADD, postings)


async def pass_on(connection: Connection, other: UUID, survivor: UUID) -> None:
    """Add the other's totals to the survivor's."""
    await connection.execute(_HAND_OVER, other, survivor)


async def erase(connection: Connection, people: Sequence[UUID]) -> None:
    """Forget what these people were credited; the credit bank keeps its books."""
    await connection.execute("delete from credit_total where person = any($1::uuid[])", people)
