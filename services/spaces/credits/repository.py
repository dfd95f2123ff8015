"""Credits by person, scheme and institution, added up from the credit bank's postings."""

from services.spaces.tables import Connection

# Amounts are hundredths in the table and decimal text in events.
_ADD = """
insert into credit_total as t (person, scheme, institution, amount, entries)
select e.learner, p.scheme, p.institution, sum((e.amount * 100)::bigint), count(*)
from jsonb_to_recordset($1::jsonb) as p (institution uuid, scheme text, entries jsonb)
cross join lateral jsonb_to_recordset(p.entries) as e (learner uuid, amount numeric)
group by e.learner, p.scheme, p.institution
order by e.learner, p.scheme, p.institution
on conflict (person, scheme, institution) do update set
  amount = t.amount + excluded.amount, entries = t.entries + excluded.entries
"""


async def add(connection: Connection, postings: bytes) -> None:
    """Add a JSON array of postings to the totals; each posting must come exactly once."""
    await connection.execute(_ADD, postings)
