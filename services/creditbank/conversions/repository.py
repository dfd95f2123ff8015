"""Reads that conversions need; the ledger writes."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import asyncpg

from services.creditbank.ledger.rules import Place
from services.creditbank.tables import Connection, Where

_LOTS = """
select t.learner, t.number, t.available, t.issuer, t.outcome, t.grade, t.earned_on,
  exists (select from institution x where x.id = t.issuer and $4 = any(x.ancestors)) as covered
from lot t where t.learner = any($1) and t.scheme = $2 and t.number = any($3)
"""
# By all versions of the rule, in all books that are the learner's, but for what was taken back.
_USED = """
select coalesce(sum(c.spent), 0)::bigint from conversion c
join rule r on r.id = c.rule join rule mine on mine.id = $2
  and r.institution = mine.institution and r.code = mine.code and r.kind = mine.kind
where c.learner = any($1) and not exists (
  select from entry v where v.learner = c.learner and v.scheme = c.scheme and v.reverses = c.entry)
"""
_KNOWN = """
select e.learner, e.scheme, e.sequence, c.rule, array_agg(p.lot) as lots, array_agg(p.amount) as amounts
from entry e join conversion c on c.learner = e.learner and c.scheme = e.scheme and c.entry = e.sequence
join posting p on p.learner = e.learner and p.scheme = e.scheme and p.entry = e.sequence and p.amount > 0
where e.learner = any($1) and e.key_hash = $2 group by e.learner, e.scheme, e.sequence, c.rule
"""
_DOCUMENT = """
select json_build_object('id', e.id, 'rule', c.rule, 'scheme', s.code, 'target', t.code,
  'recorded_at', utc_text(e.recorded_at), 'reversed_by', (select v.id from entry v
    where v.learner = e.learner and v.scheme = e.scheme and v.reverses = e.sequence),
  'spent', credits_text(c.spent), 'issued', credits_text(c.issued),
  'remainder', c.remainder, 'numerator', c.numerator, 'denominator', c.denominator, 'lots', (
    select coalesce(json_agg(json_build_object('of', d.source_lot, 'lot', d.number,
      'credits', credits_text(n.issued)) order by d.number), '[]')
    from conversion_lot d join lot n on n.learner = d.learner and n.scheme = d.scheme and n.number = d.number
    where d.learner = c.learner and d.source_scheme = c.scheme and d.source_entry = c.entry))
from conversion c join entry e on e.learner = c.learner and e.scheme = c.scheme and e.sequence = c.entry
join scheme s on s.id = c.scheme join scheme t on t.id = c.target
where c.learner = $1 and c.scheme = $2 and c.entry = $3
"""


@dataclass(frozen=True, slots=True)
class Known:
    """A conversion made earlier."""

    place: Place
    rule: UUID
    parts: dict[int, int]


async def known(where: Where, books: Sequence[int], key_hash: str) -> Known | None:
    """The conversion in these books that was made under a key."""
    row = await where.fetchrow(_KNOWN, list(books), key_hash)
    if row is None:
        return None
    return Known(
        Place(row["learner"], row["scheme"], row["sequence"]),
        row["rule"],
        dict(zip(row["lots"], row["amounts"], strict=True)),
    )


async def document(where: Where, place: Place) -> bytes:
    """One conversion as JSON."""
    shown: bytes = await where.fetchval(_DOCUMENT, place.learner, place.scheme, place.sequence)
    return shown


async def lots(
    where: Where, books: Sequence[int], scheme: int, numbers: Sequence[int], *, institution: UUID
) -> Sequence[asyncpg.Record]:
    """Lots of these numbers, and whether their issuers are the institution or below it."""
    return await where.fetch(_LOTS, list(books), scheme, list(numbers), institution)


async def used(where: Where, books: Sequence[int], rule: UUID) -> int:
    """How much was converted by all versions of the rule, in hundredths of its source."""
    return int(await where.fetchval(_USED, list(books), rule))


async def alone(connection: Connection, learner: int) -> None:
    """Let a learner's conversions wait for one another, so that together they keep within the rule's most."""
    await connection.execute("select pg_advisory_xact_lock(4, hashint8($1))", learner)
