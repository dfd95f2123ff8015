"""SQL of books as of any time, rebuilt from their entries. Whose may be read was decided before.

`dated_entry` of migration 0007 says since when an entry was known and in force. It is asked for one book at a
time, which offset 0 sees to: joined, it would be made of all books before one is picked. What an entry moved
is looked up entry by entry for the same reason: a book of a thousand entries took half a minute.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final
from uuid import UUID

import asyncpg

from services.creditbank.statements.rules import BUCKETS, PARTS, Place, View
from services.creditbank.tables import Pool

_SUMS: Final = ", ".join(
    f"coalesce(sum(p.amount) filter (where p.bucket = {bucket}), 0)::bigint as {part}"
    for part, bucket in BUCKETS.items()
)
_BOOKS: Final = """
with holder as materialized (
  select h.number, h.id from learner l join learner h on h.number = coalesce(l.merged_into, l.number)
  where l.id = $1
), book as materialized (
  select m.number from holder h join learner m on m.number = h.number or m.merged_into = h.number
)
"""


# One look-up an entry, whatever is known of how many there are.
_MOVED: Final = """cross join lateral (select p.lot, p.line, p.bucket, p.amount from posting p
    where p.learner = d.learner and p.entry = d.sequence and p.scheme = d.scheme and p.lot is not null
    offset 0) p"""


def _texts(of: str) -> str:
    return ", ".join(f"'{part}', credits_text({of}.{part})" for part in PARTS)


_BALANCES: Final = f"""
{_BOOKS}, dated as materialized (
  select d.learner, d.scheme, d.sequence
  from book b cross join lateral (select * from dated_entry d where d.learner = b.number offset 0) d
  where d.known_at <= $2 and ($3::date is null or d.in_force_on <= $3)
), issued as materialized (
  select d.scheme, t.issuer, {_SUMS}, count(*) filter (where p.lot = d.sequence) as lots,
    coalesce(sum(t.issued) filter (where p.lot = d.sequence), 0)::bigint as issued
  from dated d
  {_MOVED}
  cross join lateral (select t.issuer, t.issued from lot t
    where t.learner = d.learner and t.scheme = d.scheme and t.number = p.lot offset 0) t
  group by d.scheme, t.issuer
), summed as (
  select scheme, {", ".join(f"sum({part})::bigint as {part}" for part in PARTS)} from issued group by scheme
), counted as (
  select scheme, count(*) as entries,
    max(sequence) filter (where learner = (select number from holder)) as newest
  from dated group by scheme
)
select json_build_object('learner', coalesce((select id from holder), $1), 'recorded_at', utc_text($2),
  'effective_on', $3::date, 'frozen', exists (select from account_freeze f
    where f.learner in (select number from book) and f.begun_at <= $2
      and (f.ended_at is null or f.ended_at > $2)),
  'accounts', coalesce((select json_agg(json_build_object('scheme', s.code, 'entries', coalesce(c.entries, 0),
      {_texts("z")}, 'head', case when $3::date is null then (
        select encode(e.commitment, 'hex') from entry e
        where e.learner = (select number from holder) and e.scheme = a.scheme and e.sequence = c.newest) end,
      'institutions', coalesce((
        select json_agg(json_build_object('institution', i.issuer, 'name', x.name, 'lots', i.lots,
          'issued', credits_text(i.issued), 'available', credits_text(i.available))
          order by i.issued desc, i.issuer)
        from issued i left join institution x on x.id = i.issuer where i.scheme = a.scheme), '[]')
    ) order by s.code)
    from (select distinct scheme from account where learner in (select number from book)
      and (opened_at <= $2 or scheme in (select scheme from counted))) a
    join scheme s on s.id = a.scheme
    left join counted c on c.scheme = a.scheme
    left join summed m on m.scheme = a.scheme
    cross join lateral (select {", ".join(f"coalesce(m.{part}, 0) as {part}" for part in PARTS)}) z), '[]'))
"""
# $2 scheme, $3 known by, $4 in force by, $5 by day, $6 since, $7 until, $8 to $10 place of the last shown,
# $11 limit
_LINES: Final = f"""
{_BOOKS}, dated as materialized (
  select d.learner, d.scheme, d.sequence, d.id, d.in_force_on,
    case when $5::boolean then d.in_force_on::timestamp at time zone 'utc' else d.known_at end as placed
  from book b
  join scheme s on s.code = $2
  cross join lateral (
    select * from dated_entry d where d.learner = b.number and d.scheme = s.id offset 0) d
  where d.known_at <= $3 and ($4::date is null or d.in_force_on <= $4)
), sought as materialized (
  select d.*, ($7::timestamptz is null or d.placed < $7) as is_within,
    ($6::timestamptz is not null and d.placed < $6
      or $8::timestamptz is not null
        and (d.placed, d.sequence, d.id) <= ($8, $9::integer, $10::uuid)) as is_before
  from dated d
), ends as materialized (
  select {_SUMS.replace("filter (where ", "filter (where d.is_before and ").replace(" as ", " as opening_")},
    {_SUMS.replace(" as ", " as closing_")}
  from sought d
  {_MOVED}
  where d.is_within or d.is_before
), page as materialized (
  select d.* from sought d where d.is_within and not d.is_before
  order by d.placed, d.sequence, d.id limit $11
), line as materialized (
  select d.learner, d.scheme, d.sequence, d.id, d.placed, d.in_force_on, {_SUMS},
    coalesce(sum(p.amount) filter (where p.amount > 0 and p.bucket <> 2),
      sum(p.amount) filter (where p.amount > 0))::bigint as amount,
    json_agg(json_build_object('lot', p.lot, 'part', bucket_name(p.bucket),
      'credits', credits_text(p.amount)) order by p.line) as movements
  from page d
  {_MOVED}
  group by d.learner, d.scheme, d.sequence, d.id, d.placed, d.in_force_on
), balanced as materialized (
  select l.learner, l.scheme, l.sequence, l.id, l.placed, l.in_force_on, l.amount, l.movements,
    row_number() over shown as place,
    {", ".join(f"(e.opening_{part} + sum(l.{part}) over shown)::bigint as {part}" for part in PARTS)}
  from line l cross join ends e
  window shown as (order by l.placed, l.sequence, l.id)
)
"""
_SHOWN_BESIDE: Final = """
from balanced m
join entry e on e.learner = m.learner and e.scheme = m.scheme and e.sequence = m.sequence
join account a on a.learner = e.learner and a.scheme = e.scheme
left join lot t on t.learner = e.learner and t.scheme = e.scheme and t.number = e.sequence
left join institution x on x.id = t.issuer
left join outcome o on o.id = t.outcome
"""
_STATEMENT: Final = f"""
{_LINES}
select h.learner, json_build_object({_texts("o")}) as opening, json_build_object({_texts("c")}) as closing,
  coalesce(i.items, '[]') as items, i.next
from (select coalesce((select id from holder), $1) as learner) h
cross join ends e
cross join lateral (select {", ".join(f"e.opening_{part} as {part}" for part in PARTS)}) o
cross join lateral (select {", ".join(f"e.closing_{part} as {part}" for part in PARTS)}) c
cross join lateral (
  select json_agg(json_build_object(
      'id', e.id, 'sequence', e.sequence, 'learner', a.person, 'kind', entry_kind_name(e.kind),
      'institution', case when t.number is not null then json_build_object(
        'id', t.issuer, 'name', x.name) end,
      'course', case when t.number is not null then json_build_object(
        'id', t.outcome, 'title', o.title, 'code', o.code) end,
      'attempt', t.attempt, 'credits', credits_text(m.amount), 'grade', t.grade, 'earned_on', t.earned_on,
      'effective_on', e.effective_on, 'in_force_on', m.in_force_on, 'recorded_at', utc_text(e.recorded_at),
      'batch', e.batch, 'resolves', e.resolves, 'reverses', e.reverses,
      'reversed_by', (select r.sequence from entry r
        where r.learner = e.learner and r.scheme = e.scheme and r.reverses = e.sequence),
      'movements', m.movements, 'balance', json_build_object({_texts("m")}),
      'commitment', encode(e.commitment, 'hex')) order by m.place) filter (where m.place < $11) as items,
    case when max(m.place) = $11 then (select array[(extract(epoch from n.placed) * 1000000)::bigint::text,
      n.sequence::text, n.id::text] from balanced n where n.place = $11 - 1) end as next
  {_SHOWN_BESIDE}
) i
"""
_ROWS: Final = f"""
{_LINES}
select e.sequence, utc_text(e.recorded_at), e.effective_on, entry_kind_name(e.kind), x.name, o.code, o.title,
  t.attempt, t.grade, t.earned_on, credits_text(m.amount),
  {", ".join(f"credits_text(m.{part})" for part in PARTS)},
  a.person, e.id, e.batch, encode(e.commitment, 'hex'), m.placed
{_SHOWN_BESIDE}
order by m.place
"""


async def balances(pool: Pool, *, learner: UUID, known_by: datetime, in_force_by: date | None) -> bytes:
    """What the learner had, by scheme, as JSON; merged books are read as one."""
    found: bytes = await pool.fetchval(_BALANCES, learner, known_by, in_force_by)
    return found


def _arguments(learner: UUID, view: View, after: Place | None, most: int) -> tuple[object, ...]:
    return (
        learner,
        view.scheme,
        view.known_by,
        view.in_force_by,
        view.by_day,
        view.since,
        view.until,
        *(after or (None, None, None)),
        most,
    )


async def statement(
    pool: Pool, *, learner: UUID, view: View, after: Place | None, limit: int
) -> asyncpg.Record:
    """`limit` entries after a place: opening, closing, items as JSON; where they end if there are more."""
    found = await pool.fetchrow(_STATEMENT, *_arguments(learner, view, after, limit + 1))
    assert found is not None, "aggregates have one row"
    return found


async def rows(
    pool: Pool, *, learner: UUID, view: View, after: Place | None, limit: int
) -> Sequence[asyncpg.Record]:
    """The same as rows of a table, each with its place as the last column."""
    return await pool.fetch(_ROWS, *_arguments(learner, view, after, limit))
