"""Reads of one learner's accounts: JSON built in the database and handed through."""

from uuid import UUID

from services.creditbank.tables import Pool

_BALANCES = """
select json_build_object('learner', $1::uuid, 'accounts', coalesce(json_agg(json_build_object(
  'scheme', s.code, 'entries', a.sequence,
  'provisional', credits_text(a.provisional), 'available', credits_text(a.available),
  'held', credits_text(a.held), 'redeemed', credits_text(a.redeemed),
  'converted', credits_text(a.converted), 'expired', credits_text(a.expired),
  'revoked', credits_text(a.revoked),
  'head', encode(a.head, 'hex'),
  'institutions', (
    select coalesce(json_agg(json_build_object(
      'institution', t.issuer, 'name', x.name, 'lots', t.lots,
      'issued', credits_text(t.issued), 'available', credits_text(t.available))
      order by t.issued desc, t.issuer), '[]')
    from (
      select issuer, count(*) as lots, sum(issued) as issued, sum(available) as available
      from lot where learner = a.learner and scheme = a.scheme group by issuer
    ) t left join institution x on x.id = t.issuer)
  ) order by s.code), '[]'))
from learner l
join account a on a.learner = l.number
join scheme s on s.id = a.scheme
where l.id = $1
"""
_ENTRIES = """
select e.sequence, json_build_object(
  'id', e.id, 'sequence', e.sequence, 'kind', entry_kind_name(e.kind),
  'institution', json_build_object('id', t.issuer, 'name', x.name),
  'course', json_build_object('id', t.outcome, 'title', o.title, 'code', o.code),
  'attempt', t.attempt, 'credits', credits_text(t.issued), 'grade', t.grade, 'earned_on', t.earned_on,
  'recorded_at', utc_text(e.recorded_at), 'commitment', encode(e.commitment, 'hex')) as item
from learner l
join scheme s on s.code = $2
join entry e on e.learner = l.number and e.scheme = s.id
left join lot t on t.learner = e.learner and t.scheme = e.scheme and t.number = e.sequence
left join institution x on x.id = t.issuer
left join outcome o on o.id = t.outcome
where l.id = $1 and e.sequence < $3
order by e.sequence desc
limit $4
"""
_NEWEST = 2**31 - 1


async def balances(pool: Pool, *, learner: UUID) -> bytes:
    """The learner's accounts as JSON; an empty list when the bank does not know the person."""
    found: bytes = await pool.fetchval(_BALANCES, learner)
    return found


async def entries(
    pool: Pool, scheme: str, *, learner: UUID, before: int | None, limit: int
) -> list[tuple[int, bytes]]:
    """The learner's entries below a sequence number, newest first, each as its number and JSON."""
    rows = await pool.fetch(_ENTRIES, learner, scheme, _NEWEST if before is None else before, limit)
    return [(row["sequence"], row["item"]) for row in rows]
