"""SQL of what an institution was told, and what the books say. Whoever asks was let in by the institution."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import asyncpg

from services.creditbank.reconciliation.rules import CallPlace
from services.creditbank.tables import Pool

# What stands of entries e of calls: those taken back were so by v, and replaced as correction c says.
_STANDING: Final = """
count(*) as entries, coalesce(sum(t.issued), 0)::bigint as amount, count(v.id) as revoked,
  coalesce(sum(t.issued) filter (where v.id is not null), 0)::bigint as revoked_amount,
  count(c.replacing) as corrected
"""
# Offset 0 keeps each look-up one look-up, whatever is known of how many entries were taken back.
_BOOKED: Final = """
join lot t on t.learner = e.learner and t.scheme = e.scheme and t.number = e.sequence
left join lateral (select v.id, v.batch, v.recorded_at from entry v
  where v.learner = e.learner and v.scheme = e.scheme and v.reverses = e.sequence offset 0) v on true
left join correction c on c.learner = e.learner and c.id = v.batch
"""
_WITHIN: Final = """
d.institution = $1 and ($2::timestamptz is null or d.recorded_at >= $2)
  and ($3::timestamptz is null or d.recorded_at < $3)
"""
_REPORT: Final = f"""
with call as materialized (
  select d.* from deposit_batch d where {_WITHIN}
), told as (
  select scheme, count(*) as calls, sum(posted) as posted, sum(amount)::bigint as amount,
    sum(replayed) as replayed, sum(conflicts) as conflicts, sum(refused) as refused
  from call group by scheme
), booked as (
  select d.scheme, {_STANDING}
  from call d join entry e on e.batch = d.id and e.kind = 1 {_BOOKED} group by d.scheme
), waited as (
  select s.id as scheme, count(*) as suspended, count(*) filter (where w.state = 'waiting') as waiting,
    count(*) filter (where w.state = 'posted') as claimed,
    count(*) filter (where w.state = 'refused') as refused,
    count(*) filter (where w.state = 'withdrawn') as withdrawn,
    count(*) filter (where w.state = 'erased') as erased
  from suspense w join scheme s on s.code = w.scheme
  where w.institution = $1 and ($2::timestamptz is null or w.suspended_at >= $2)
    and ($3::timestamptz is null or w.suspended_at < $3)
  group by s.id
)
select json_build_object('institution', $1::uuid, 'from', utc_text($2), 'until', utc_text($3),
  'schemes', coalesce(json_agg(json_build_object('scheme', s.code,
    'told', json_build_object('calls', coalesce(o.calls, 0), 'posted', coalesce(o.posted, 0),
      'credits', credits_text(coalesce(o.amount, 0)), 'replayed', coalesce(o.replayed, 0),
      'conflicts', coalesce(o.conflicts, 0), 'refused', coalesce(o.refused, 0)),
    'books', json_build_object('entries', coalesce(b.entries, 0),
      'credits', credits_text(coalesce(b.amount, 0)),
      'revoked', coalesce(b.revoked, 0), 'revoked_credits', credits_text(coalesce(b.revoked_amount, 0)),
      'corrected', coalesce(b.corrected, 0), 'standing', coalesce(b.entries - b.revoked, 0),
      'standing_credits', credits_text(coalesce(b.amount - b.revoked_amount, 0))),
    'suspense', json_build_object('suspended', coalesce(w.suspended, 0), 'waiting', coalesce(w.waiting, 0),
      'claimed', coalesce(w.claimed, 0), 'refused', coalesce(w.refused, 0),
      'withdrawn', coalesce(w.withdrawn, 0), 'erased', coalesce(w.erased, 0)),
    'agrees', (coalesce(o.posted, 0), coalesce(o.amount, 0)) = (coalesce(b.entries, 0), coalesce(b.amount, 0))
  ) order by s.code), '[]'))
from scheme s
left join told o on o.scheme = s.id
left join booked b on b.scheme = s.id
left join waited w on w.scheme = s.id
where o.scheme is not null or w.scheme is not null
"""
_CALLS: Final = f"""
select {{columns}}, d.recorded_at as placed, d.id as place
from (
  select d.* from deposit_batch d
  where {_WITHIN} and ($4::timestamptz is null or (d.recorded_at, d.id) < ($4, $5::uuid))
  order by d.recorded_at desc, d.id desc limit $6
) d
join scheme s on s.id = d.scheme
left join posting_file_batch f on f.batch = d.id
cross join lateral (
  select {_STANDING}, count(*) filter (where exists (select from suspense w
    where w.key_hash = e.key_hash and w.entry = e.id)) as claimed
  from entry e {_BOOKED} where e.batch = d.id and e.kind = 1
) b
order by d.recorded_at desc, d.id desc
"""
_AGREES: Final = "(d.posted, d.amount) = (b.entries, b.amount)"
_CALL_COLUMNS: Final = f"""
d.id as batch, f.file, s.code, utc_text(d.recorded_at), d.posted, credits_text(d.amount), d.replayed,
  d.conflicts, d.refused, b.claimed, b.entries, b.revoked, b.corrected, b.entries - b.revoked,
  credits_text(b.amount - b.revoked_amount), case when {_AGREES} then 'true' else 'false' end
"""
_CALL_JSON: Final = f"""
json_build_object('batch', d.id, 'file', f.file, 'scheme', s.code, 'recorded_at', utc_text(d.recorded_at),
  'posted', d.posted, 'credits', credits_text(d.amount), 'replayed', d.replayed, 'conflicts', d.conflicts,
  'refused', d.refused, 'claimed', b.claimed, 'entries', b.entries, 'revoked', b.revoked,
  'corrected', b.corrected, 'standing', b.entries - b.revoked,
  'standing_credits', credits_text(b.amount - b.revoked_amount), 'agrees', {_AGREES}) as item
"""
# From the postings themselves: both sides of what it issued, and where the parts of its lots are now.
_TRIAL: Final = """
with own as materialized (
  select t.learner, t.scheme, t.number, t.provisional, t.available, t.held, t.redeemed, t.converted,
    t.expired, t.revoked, t.moved
  from lot t where t.issuer = $1
), side as (
  select o.scheme, p.bucket, sum(p.amount)::bigint as amount
  from own o cross join lateral (select p.bucket, p.amount from posting p
    where p.learner = o.learner and p.entry = o.number and p.scheme = o.scheme and p.institution = $1
    offset 0) p
  group by o.scheme, p.bucket
), parts as (
  select o.scheme, k.bucket::smallint, sum(k.amount)::bigint as amount
  from own o cross join lateral (values (1, o.provisional), (2, o.available), (3, o.held),
    (4, o.redeemed), (5, o.converted), (6, o.expired), (7, o.revoked), (10, o.moved)) as k (bucket, amount)
  group by o.scheme, k.bucket
), line as (
  select scheme, bucket, sum(amount)::bigint as amount from (
    select * from side union all select * from parts) l
  group by scheme, bucket
)
select json_build_object('institution', $1::uuid, 'schemes', coalesce((
  select json_agg(json_build_object('scheme', s.code,
    'lots', (select count(*) from own o where o.scheme = s.id),
    'accounts', l.accounts, 'sum', credits_text(l.total), 'balanced', l.total = 0) order by s.code)
  from (
    select scheme, sum(amount)::bigint as total, json_agg(json_build_object(
      'account', bucket_name(bucket), 'credits', credits_text(amount)) order by bucket) as accounts
    from line group by scheme
  ) l join scheme s on s.id = l.scheme), '[]'))
"""
# An item's entry is found by its key: what became of it since is told by what reverses it.
_ITEMS: Final = """
select i.number, i.line, i.key, i.learner_sourced_id, i.learner_id, i.course_sourced_id, i.course_id,
  i.attempt, credits_text(i.amount), i.grade, i.earned_on, i.outcome, i.field, n.reason, w.state, n.entry,
  case when e.id is null then
      case when w.state in ('waiting', 'withdrawn', 'refused', 'erased') then w.state end
    when c.replacing is not null then 'corrected' when v.id is not null then 'revoked'
    when w.state = 'posted' then 'claimed' else 'standing' end as stands,
  coalesce(c.replacing, v.id)
from posting_item i
join posting_file f on f.id = i.file
left join suspense w on w.file = i.file and w.number = i.number and i.outcome = 'suspended'
cross join lateral (select coalesce(w.entry, i.entry) as entry, coalesce(w.reason, i.reason) as reason) n
left join lateral (
  select o.id, o.learner, o.scheme, o.sequence from entry o
  where n.entry is not null and i.outcome in ('posted', 'replayed', 'suspended') and o.id = n.entry
    and o.key_hash = encode(substr(
      sha256(uuid_send(f.institution) || convert_to(i.key, 'UTF8')), 1, 16), 'hex')::uuid
  limit 1
) e on true
left join lateral (select v.id, v.batch, v.recorded_at from entry v
  where v.learner = e.learner and v.scheme = e.scheme and v.reverses = e.sequence offset 0) v on true
left join correction c on c.learner = e.learner and c.id = v.batch
where i.file = $1 and i.number > $2 order by i.number limit $3
"""


async def item_rows(pool: Pool, file: UUID, after: int, limit: int) -> Sequence[asyncpg.Record]:
    """What the items of a file said, what became of each then, and what stands of it now."""
    return await pool.fetch(_ITEMS, file, after, limit)


async def report(pool: Pool, institution: UUID, since: datetime | None, until: datetime | None) -> bytes:
    """What was told of the calls of a time, and what stands of them, by scheme, as JSON."""
    found: bytes = await pool.fetchval(_REPORT, institution, since, until)
    return found


async def calls(
    pool: Pool,
    institution: UUID,
    since: datetime | None,
    until: datetime | None,
    after: CallPlace | None,
    limit: int,
    *,
    as_table: bool = False,
) -> Sequence[asyncpg.Record]:
    """The same call by call, the newest first, with their places: as JSON, or as rows of a table."""
    statement = _CALLS.format(columns=_CALL_COLUMNS if as_table else _CALL_JSON)
    return await pool.fetch(statement, institution, since, until, *(after or (None, None)), limit)


async def trial_balance(pool: Pool, institution: UUID) -> bytes:
    """The accounts of what an institution issued, by scheme, as JSON."""
    found: bytes = await pool.fetchval(_TRIAL, institution)
    return found
