"""SQL of who read learners' records."""

from collections.abc import Collection, Sequence
from typing import Final, NamedTuple
from uuid import UUID

import asyncpg

from services.creditbank.tables import Connection, Pool, Where
from services.creditbank.xapi.readings.rules import Reading

# In one order of locks, for several processes add to the same lines.
_ADD: Final = """
insert into record_reading as r (
  organisation, subject, day, reader_kind, reader, what, times, statements, first_at, last_at)
select * from unnest($1::uuid[], $2::uuid[], $3::date[], $4::text[], $5::uuid[], $6::text[], $7::bigint[],
  $8::bigint[], $9::timestamptz[], $10::timestamptz[])
order by 1, 2, 3, 4, 5, 6
on conflict (organisation, subject, day, reader_kind, reader, what) do update set
  times = r.times + excluded.times, statements = r.statements + excluded.statements,
  first_at = least(r.first_at, excluded.first_at), last_at = greatest(r.last_at, excluded.last_at)
"""
# What was read of any agent the person is, of all of a store the person is in, and of the record itself; what
# the person read, under whichever of their ids, is not told.
_PAGE: Final = """
with keys as materialized (
  select k.organisation, k.key from xapi_keys_of($1, $2, $3) k
), own as materialized (
  select l.id from learner l where l.number = any($2)
), sought as (
  select organisation, key as subject from keys
  union select organisation, '00000000-0000-0000-0000-000000000000' from keys
  union select '00000000-0000-0000-0000-000000000000', id from own
), summed as (
  select r.day, r.reader_kind, r.reader, r.organisation, r.what, r.subject = any(
      array['00000000-0000-0000-0000-000000000000'::uuid]) as of_all, sum(r.times)::bigint as times,
    sum(r.statements)::bigint as statements, min(r.first_at) as first_at, max(r.last_at) as last_at
  from sought s cross join lateral (
    select r.* from record_reading r where r.organisation = s.organisation and r.subject = s.subject
      and r.day <= coalesce($4::date, 'infinity')) r
  where r.reader_kind <> 'person' or r.reader not in (select id from own)
  group by r.day, r.reader_kind, r.reader, r.organisation, r.what, of_all
)
select json_build_object(
    'day', r.day,
    'reader', json_build_object('kind', r.reader_kind,
      'id', nullif(r.reader, '00000000-0000-0000-0000-000000000000'), 'name', coalesce(c.name, u.name)),
    'organisation', case when x.id is not null then json_build_object('id', x.id, 'name', x.name) end,
    'what', r.what, 'about', case when r.of_all then 'everybody' else 'learner' end,
    'times', r.times, 'statements', r.statements,
    'first_at', utc_text(r.first_at), 'last_at', utc_text(r.last_at)) as item,
  r.day, r.reader_kind, r.reader, r.organisation, r.what, r.of_all
from summed r
left join institution x on x.id = r.organisation
left join xapi_credential c on r.reader_kind = 'credential' and c.id = r.reader
left join xapi_subscription u on r.reader_kind = 'subscription' and u.id = r.reader
where $4::date is null or r.day < $4
  or (r.reader_kind, r.reader, r.organisation, r.what, r.of_all) > ($5, $6, $7, $8, $9::boolean)
order by r.day desc, r.reader_kind, r.reader, r.organisation, r.what, r.of_all limit $10
"""


class Amount(NamedTuple):
    """How often, how many statements in all, and when (RFC 3339 or datetime) first and last."""

    times: int
    statements: int
    first_at: object
    last_at: object


#: where a page ended: day, kind of reader, reader, organisation, what, whether of all
Place = tuple[object, str, UUID, UUID, str, bool]


async def add(where: Where, counted: Collection[tuple[Reading, Amount]]) -> None:
    """Add to the lines of what was counted, set-wise."""
    rows = [
        (one.organisation, one.subject, one.day, one.reader_kind, one.reader, one.what, *amount)
        for one, amount in counted
    ]
    await where.execute(_ADD, *(list(column) for column in zip(*rows, strict=True)))


async def page(
    pool: Pool, holder: int, numbers: Sequence[int], *, issuer: str, after: Place | None, limit: int
) -> Sequence[asyncpg.Record]:
    """Who read the record of one person, the newest day first: JSON, and the place."""
    place = after or (None, None, None, None, None, None)
    return await pool.fetch(_PAGE, holder, list(numbers), issuer, *place, limit)


async def forget(connection: Connection, people: Sequence[UUID], issuer: str) -> None:
    """Nothing is known any more of who read these people's records, nor that it was they who read others'."""
    await connection.execute("select forget_readings($1, $2)", people, issuer)


async def prune(where: Where, kept_days: int) -> None:
    """Forget what is older than so many days."""
    await where.execute(
        "delete from record_reading where day < (now() at time zone 'utc')::date - $1::integer", kept_days
    )
