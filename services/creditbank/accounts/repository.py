"""Reads of one learner's accounts: JSON built in the database and handed through."""

from typing import Final, TypeAlias
from uuid import UUID

from services.creditbank.tables import Pool

_PARTS: Final = ("provisional", "available", "held", "redeemed", "converted", "expired", "revoked", "moved")
#: entries up to which a book is added up by institution; the balance itself is read, never added up
_ADDED_UP: Final = 1_000
_INSTITUTIONS: Final = """
select coalesce(json_agg(json_build_object(
  'institution', t.issuer, 'name', x.name, 'lots', t.lots,
  'issued', credits_text(t.issued), 'available', credits_text(t.available))
  order by t.issued desc, t.issuer), '[]')
from (
  select issuer, count(*) as lots, sum(issued)::bigint as issued, sum(available)::bigint as available
  from lot where {books} and scheme = a.scheme group by issuer
) t left join institution x on x.id = t.issuer
"""
# Those of a learner whose records were never merged: no other book is looked for. No row for anybody else.
_BALANCES: Final = f"""
select json_build_object('learner', $1::uuid, 'consent', max(l.consent), 'home', max(l.home),
  'frozen', exists (
    select from account_freeze f where f.learner = max(l.number) and f.ended_at is null),
  'accounts', json_agg(json_build_object(
    'scheme', s.code, 'entries', a.sequence,
    {", ".join(f"'{part}', credits_text(a.{part})" for part in _PARTS)},
    'head', encode(a.head, 'hex'), 'merged', '[]'::json,
    'institutions', case when a.sequence <= {_ADDED_UP}
      then ({_INSTITUTIONS.format(books="learner = a.learner")}) end
  ) order by s.code))
from learner l
join account a on a.learner = l.number
join scheme s on s.id = a.scheme
where l.id = $1 and not l.joined
having count(*) > 0
"""
# The learner in whose name the books are read, and all whose books they are.
_BOOKS: Final = """
with holder as materialized (
  select h.number, h.id, h.consent, h.home, h.joined
  from learner l join learner h on h.number = coalesce(l.merged_into, l.number)
  where l.id = $1
), book as materialized (
  select m.number, m.id, m.number = h.number as is_own
  from holder h join learner m on m.number = h.number or m.merged_into = h.number
)
"""
_JOINED_BALANCES: Final = f"""
{_BOOKS}
select json_build_object('learner', coalesce((select id from holder), $1::uuid),
  'consent', (select consent from holder), 'home', (select home from holder), 'frozen', exists (
    select from account_freeze f where f.learner in (select number from book) and f.ended_at is null),
  'accounts', (
    select coalesce(json_agg(json_build_object(
      'scheme', s.code, 'entries', a.entries,
      {", ".join(f"'{part}', credits_text(a.{part})" for part in _PARTS)},
      'head', encode(o.head, 'hex'), 'merged', a.merged,
      'institutions', case when a.entries <= {_ADDED_UP}
        then ({_INSTITUTIONS.format(books="learner in (select number from book)")}) end
    ) order by s.code), '[]')
    from (
      select a.scheme, sum(a.sequence) as entries,
        {", ".join(f"sum(a.{part})::bigint as {part}" for part in _PARTS)},
        coalesce(json_agg(json_build_object(
          'learner', a.person, 'entries', a.sequence, 'head', encode(a.head, 'hex')) order by b.number)
          filter (where not b.is_own), '[]') as merged
      from book b join account a on a.learner = b.number group by a.scheme
    ) a
    join scheme s on s.id = a.scheme
    left join account o on o.learner = (select number from holder) and o.scheme = a.scheme))
"""
_ENTRY: Final = """
select (extract(epoch from e.recorded_at) * 1000000)::bigint as recorded, e.sequence, e.id, json_build_object(
  'id', e.id, 'sequence', e.sequence, 'learner', a.person, 'kind', entry_kind_name(e.kind),
  'institution', case when t.number is not null then json_build_object('id', t.issuer, 'name', x.name) end,
  'course', case when t.number is not null then json_build_object(
    'id', t.outcome, 'title', o.title, 'code', o.code) end,
  'attempt', t.attempt, 'credits', credits_text(m.amount), 'grade', t.grade, 'earned_on', t.earned_on,
  'expires_on', t.expires_on, 'effective_on', e.effective_on, 'batch', e.batch,
  'resolves', e.resolves, 'reverses', e.reverses,
  'reversed_by', (select r.sequence from entry r
    where r.learner = e.learner and r.scheme = e.scheme and r.reverses = e.sequence),
  'movements', m.movements,
  'recorded_at', utc_text(e.recorded_at), 'commitment', encode(e.commitment, 'hex')) as item
"""
_SHOWN_BESIDE: Final = """
left join lot t on t.learner = e.learner and t.scheme = e.scheme and t.number = e.sequence
left join institution x on x.id = t.issuer
left join outcome o on o.id = t.outcome
cross join lateral (
  select coalesce(sum(p.amount) filter (where p.amount > 0 and p.bucket <> 2),
      sum(p.amount) filter (where p.amount > 0))::bigint as amount,
    json_agg(json_build_object('lot', p.lot, 'part', bucket_name(p.bucket),
      'credits', credits_text(p.amount)) order by p.line) as movements
  from posting p
  where p.learner = e.learner and p.scheme = e.scheme and p.entry = e.sequence and p.lot is not null
) m
"""
_ENTRIES: Final = f"""
{_ENTRY}
from learner l
join scheme s on s.code = $2
join account a on a.learner = l.number and a.scheme = s.id
join entry e on e.learner = a.learner and e.scheme = a.scheme
{_SHOWN_BESIDE}
where l.id = $1 and not l.joined and e.sequence < $3
order by e.sequence desc
limit $4
"""
# Each book has its own sequence, so several are in the order of their times.
_JOINED_ENTRIES: Final = f"""
{_BOOKS}
{_ENTRY}
from book b
join scheme s on s.code = $2
join account a on a.learner = b.number and a.scheme = s.id
join entry e on e.learner = a.learner and e.scheme = a.scheme
{_SHOWN_BESIDE}
where (select joined from holder) and ($3::bigint is null or (e.recorded_at, e.sequence, e.id)
  < (timestamptz 'epoch' + $3 * interval '1 microsecond', $4::bigint, $5::uuid))
order by e.recorded_at desc, e.sequence desc, e.id desc
limit $6
"""
_NEWEST: Final = 2**31 - 1
_LATEST: Final = 4 * 10**15  # well after the year 2090, and within what PostgreSQL adds to a time

#: where a page ended: when the entry was recorded in microseconds, its sequence and its id
Place: TypeAlias = tuple[int, int, UUID]


async def balances(pool: Pool, *, learner: UUID) -> bytes:
    """The learner's accounts as JSON, those of merged records with them; none if the bank knows nobody."""
    found: bytes | None = await pool.fetchval(_BALANCES, learner)
    if found is None:
        found = await pool.fetchval(_JOINED_BALANCES, learner)
        assert found is not None, "it always has one row"
    return found


async def entries(
    pool: Pool, scheme: str, *, learner: UUID, before: Place | None, limit: int
) -> list[tuple[bytes, int, int, UUID]]:
    """The learner's entries before a place, newest first, each as JSON and place."""
    below = _NEWEST if before is None else max(0, min(before[1], _NEWEST))
    rows = await pool.fetch(_ENTRIES, learner, scheme, below, limit)
    if not rows:
        recorded, _, identifier = before or (None, None, None)
        place = (None if recorded is None else max(0, min(recorded, _LATEST)), below, identifier)
        rows = await pool.fetch(_JOINED_ENTRIES, learner, scheme, *place, limit)
    return [(row["item"], row["recorded"], row["sequence"], row["id"]) for row in rows]
