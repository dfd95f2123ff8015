"""Credits by person, scheme and institution, added up from the credit bank's postings."""

from collections.abc import Sequence
from uuid import UUID

from services.spaces.credits.rules import Change
from services.spaces.tables import Connection

# Amounts are hundredths in the table and decimal text in events.
_ADD = """
insert into credit_total as t (person, scheme, institution, amount, redeemed, entries)
select coalesce(r.survivor, e.learner), c.scheme, p.institution,
  sum((100 * (c.amount * e.amount + c.issued * coalesce(e.issued, 0)
    + c.expired * coalesce(e.expired, 0)))::bigint),
  sum((100 * c.redeemed * e.amount)::bigint), sum(c.entries + c.lots * coalesce(e.lots, 0))
from jsonb_to_recordset($1::jsonb) as p (institution uuid, scheme text, target text, entries jsonb)
cross join lateral jsonb_to_recordset(p.entries)
  as e (learner uuid, amount numeric, issued numeric, expired numeric, lots bigint)
cross join lateral (values {parts}) as c (scheme, amount, issued, expired, redeemed, entries, lots)
left join retired_person r on r.id = e.learner
where r.id is null or r.survivor is not null
group by 1, c.scheme, p.institution
order by 1, c.scheme, p.institution
on conflict (person, scheme, institution) do update set amount = t.amount + excluded.amount,
  redeemed = t.redeemed + excluded.redeemed, entries = t.entries + excluded.entries
"""

_HAND_OVER = """
with gone as (
  delete from credit_total where person = $1 returning scheme, institution, amount, redeemed, entries
)
insert into credit_total as t (person, scheme, institution, amount, redeemed, entries)
select $2, scheme, institution, amount, redeemed, entries from gone
on conflict (person, scheme, institution) do update set amount = t.amount + excluded.amount,
  redeemed = t.redeemed + excluded.redeemed, entries = t.entries + excluded.entries
"""


async def add(connection: Connection, told: bytes, change: Change) -> None:
    """Add a JSON array of what was told to the totals, in the way of its type; each must come exactly once.

    What is of a merged person is the survivor's, of an erased one nobody's: hold `lives.service.lock`.
    """
    parts = ", ".join(f"(p.{part.scheme}, {', '.join(map(str, part[1:]))})" for part in change)
    await connection.execute(_ADD.format(parts=parts), told)


async def pass_on(connection: Connection, other: UUID, survivor: UUID) -> None:
    """Add the other's totals to the survivor's."""
    await connection.execute(_HAND_OVER, other, survivor)


async def erase(connection: Connection, people: Sequence[UUID]) -> None:
    """Forget what these people were credited; the credit bank keeps its books."""
    await connection.execute("delete from credit_total where person = any($1::uuid[])", people)
