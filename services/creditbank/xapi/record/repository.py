"""SQL of one person's whole record: statements of all organisations and entries of all books in one order."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import asyncpg

from services.creditbank.tables import Pool
from services.creditbank.xapi.record.rules import Place, Wanted

# Each agent at each organisation is one walk over an index, and so is each book; of what they give the newest
# lines are looked at. Entries come in the order of their book, in which a later one may be a little older.
# $1 holder, $2 numbers, $3 issuer, $4 kind, $5 verb, $6 activity, $7 organisation, $8 from, $9 until,
# $10 $11 place of the last statement, $12 to $14 last entry of each book, $15 lines to look at
_LINES: Final = """
with keys as materialized (
  select k.organisation, k.key, k.since, k.until,
    xapi_key(k.organisation, 'verb', $5) as verb, xapi_key(k.organisation, 'activity', $6) as activity
  from xapi_keys_of($1, $2, $3) k
  where coalesce($4::text, 'statement') = 'statement' and ($7::uuid is null or k.organisation = $7)
), said as (
  select distinct f.placed, f.position, f.organisation,
    (k.verb is null or f.verb = k.verb) and (k.activity is null or f.object = k.activity) as wanted
  from keys k cross join lateral xapi_newest(k.key, k.since, k.until, coalesce($10::timestamptz, 'infinity'),
    $11::bigint, coalesce($8::timestamptz, '-infinity'), $15::integer) f
), booked as (
  select min(e.recorded_at) over (partition by a.learner, a.scheme order by e.sequence desc) as placed,
    a.learner, a.scheme, e.sequence
  from account a
  left join unnest($12::bigint[], $13::smallint[], $14::integer[]) as c (learner, scheme, sequence)
    on c.learner = a.learner and c.scheme = a.scheme
  cross join lateral newest_entries(a.learner, a.scheme, coalesce(c.sequence, 2147483647),
    coalesce($8, '-infinity'), coalesce($9::timestamptz, 'infinity'), $15) e
  where a.learner = any($2) and coalesce($4, 'credit') = 'credit' and $5::text is null and $6::text is null
), looked_at as materialized (
  select * from (
    select placed, position, organisation, wanted, null::bigint as learner, null::smallint as scheme,
      null::integer as sequence
    from said
    union all
    select placed, null, null, true, learner, scheme, sequence from booked
  ) either
  order by placed desc, position desc nulls last, learner, scheme, sequence desc limit $15
)
select w.placed, w.position, w.learner, w.scheme, w.sequence,
  s.id, w.organisation, x.name as organisation_name, s.body, b.elsewhere,
  c.credit, c.id as entry, c.recorded_at
from looked_at w
left join xapi_statement s on w.wanted and s.organisation = w.organisation and s.position = w.position
left join institution x on x.id = w.organisation
left join lateral (
  select json_build_object('import', i.id, 'address', i.address, 'signed_by', i.signed_by,
    'authority', m.authority) as elsewhere
  from record_imported m join record_import i on i.id = m.import
  where w.wanted and m.store = w.organisation and m.id = s.id
) b on true
left join lateral (
  select e.id, e.recorded_at, json_build_object(
    'entry', entry_kind_name(e.kind), 'scheme', m.code, 'credits', credits_text(p.amount),
    'institution', case when t.number is not null then json_build_object('id', t.issuer, 'name', i.name) end,
    'course', case when t.number is not null then json_build_object(
      'id', t.outcome, 'title', o.title, 'code', o.code) end,
    'grade', t.grade, 'earned_on', t.earned_on, 'learner', l.id, 'sequence', e.sequence) as credit
  from entry e
  join scheme m on m.id = e.scheme
  join learner l on l.number = e.learner
  left join lot t on t.learner = e.learner and t.scheme = e.scheme and t.number = e.sequence
  left join institution i on i.id = t.issuer
  left join outcome o on o.id = t.outcome
  cross join lateral (
    select coalesce(sum(p.amount) filter (where p.amount > 0 and p.bucket <> 2),
      sum(p.amount) filter (where p.amount > 0))::bigint as amount
    from posting p
    where p.learner = e.learner and p.scheme = e.scheme and p.entry = e.sequence and p.lot is not null
  ) p
  where e.learner = w.learner and e.scheme = w.scheme and e.sequence = w.sequence
    and ($7 is null or t.issuer = $7)
) c on true
order by w.placed desc, w.position desc nulls last, w.learner, w.scheme, w.sequence desc
"""


async def lines(
    pool: Pool,
    holder: int,
    numbers: Sequence[int],
    *,
    issuer: str,
    wanted: Wanted,
    after: Place,
    most: int,
) -> Sequence[asyncpg.Record]:
    """The next lines, newest first, at most `most`: those not wanted have neither `body` nor `credit`."""
    books = list(after.entries.items())
    return await pool.fetch(
        _LINES,
        *(holder, list(numbers), issuer, wanted.kind, wanted.verb, wanted.activity, wanted.organisation),
        *(wanted.since, wanted.until),
        *((wanted.until, -1) if after.happened is None else (after.happened, after.position)),
        [learner for (learner, _), _ in books],
        [scheme for (_, scheme), _ in books],
        [entry for _, entry in books],
        most,
    )


_DOCUMENTS: Final = """
select json_build_object('key', encode(d.key, 'hex'),
    'resource', case d.kind when 'state' then 'activities/state' else 'agents/profile' end,
    'organisation', case when d.import is null then
      json_build_object('id', d.organisation, 'name', x.name) end,
    'activity', d.activity, 'registration', d.registration, 'id', d.id, 'content_type', d.content_type,
    'size', d.size, 'etag', d.etag, 'modified_at', utc_text(d.modified_at),
    'elsewhere', case when d.import is not null then json_build_object('import', i.id, 'address', i.address,
      'signed_by', i.signed_by) end) as item,
  (extract(epoch from d.modified_at) * 1000000)::bigint as modified, encode(d.key, 'hex') as key
from record_documents_of($1, $2, $3) d
left join institution x on d.import is null and x.id = d.organisation
left join record_import i on i.id = d.import
where $4::timestamptz is null or (d.modified_at, d.key) < ($4, decode($5, 'hex'))
order by d.modified_at desc, d.key desc limit $6
"""
_DOCUMENT: Final = """
select d.content_type, coalesce(o.content, e.content) as content
from record_documents_of($1, $2, $3) d
left join xapi_document o on d.name is not null
  and o.organisation = d.shelf and o.context = d.context and o.name = d.name
left join record_imported_document e on d.name is null and e.store = d.shelf and e.key = d.context
where d.key = $4 limit 1
"""


async def documents(
    pool: Pool,
    holder: int,
    numbers: Sequence[int],
    *,
    issuer: str,
    after: tuple[datetime, str] | None,
    limit: int,
) -> Sequence[asyncpg.Record]:
    """Documents about a person as (JSON, microseconds, key), those changed last first."""
    return await pool.fetch(_DOCUMENTS, holder, list(numbers), issuer, *(after or (None, None)), limit)


async def document(
    pool: Pool, holder: int, numbers: Sequence[int], *, issuer: str, key: bytes
) -> asyncpg.Record | None:
    """One document about a person, with its content."""
    return await pool.fetchrow(_DOCUMENT, holder, list(numbers), issuer, key)
