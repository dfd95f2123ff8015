"""SQL of corrections. Whoever reads one was let in by its institution."""

from datetime import date
from typing import Final
from uuid import UUID

import asyncpg

from libs.common.tracing import current_traceparent
from services.creditbank.tables import Connection, Pool, Where

# What came from another bank node is taken back where it is now: its batch is the move.
_DEPOSITED: Final = """
select e.learner, e.scheme, e.sequence, t.issuer from entry e
join lot t on t.learner = e.learner and t.scheme = e.scheme and t.number = e.sequence
where e.batch = $1 and e.id = $2 and e.kind in (1, 13)
"""
# By its id, of a learner: the conversion's own institution is that of the rule.
_CONVERTED: Final = """
select e.learner, e.scheme, e.sequence, r.institution as issuer, e.batch
from learner l join learner m on coalesce(m.merged_into, m.number) = coalesce(l.merged_into, l.number)
join entry e on e.learner = m.number and e.id = $2 and e.kind = 7
join conversion c on c.learner = e.learner and c.scheme = e.scheme and c.entry = e.sequence
join rule r on r.id = c.rule
where l.id = $1
"""
_ADD: Final = """
insert into correction (id, learner, scheme, entry, deposit, institution, requested_by, reason,
  amount, earned_on, course_id, course_sourced_id, attempt, grade)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
on conflict (learner, scheme, entry) where state = 'requested' do nothing returning id
"""
_SHOWN: Final = """
select c.id, json_build_object(
  'id', c.id, 'institution', c.institution, 'deposit', c.deposit, 'entry', e.id,
  'kind', entry_kind_name(e.kind),
  'learner', a.person, 'scheme', s.code, 'state', c.state, 'reason', c.reason,
  'replacement', case when c.amount is not null then json_build_object(
    'course_id', c.course_id, 'course_sourced_id', c.course_sourced_id, 'attempt', c.attempt,
    'credits', credits_text(c.amount), 'grade', c.grade, 'earned_on', c.earned_on) end,
  'requested_by', c.requested_by, 'requested_at', utc_text(c.requested_at), 'decided_by', c.decided_by,
  'decided_at', utc_text(c.decided_at), 'decision_reason', c.decision_reason,
  'revocation', (select r.id from entry r
    where r.learner = c.learner and r.scheme = c.scheme and r.sequence = c.revoking),
  'replaced_by', c.replacing) as item
from correction c
join entry e on e.learner = c.learner and e.scheme = c.scheme and e.sequence = c.entry
join account a on a.learner = c.learner and a.scheme = c.scheme
join scheme s on s.id = c.scheme
"""
_LOCKED: Final = """
select c.*, a.person, s.code, (select e.kind from entry e
  where e.learner = c.learner and e.scheme = c.scheme and e.sequence = c.entry) as kind
from correction c
join account a on a.learner = c.learner and a.scheme = c.scheme
join scheme s on s.id = c.scheme
where c.id = $1 for no key update of c
"""
_DECIDE: Final = """
update correction set state = $3, decided_by = $4, decided_at = now(), decision_reason = $5, revoking = $6,
  replacing = $7
where learner = $1 and id = $2
"""

_TELL: Final = """
insert into outbox (id, type, subject, data, traceparent)
select uuid7(), 'creditbank.correction.changed.v1', c.id, json_build_object('id', c.id,
  'version', case when c.state = 'requested' then 1 else 2 end, 'institution', c.institution,
  'learner', a.person, 'scheme', s.code, 'entry', e.id, 'state', c.state,
  'decided_at', utc_text(c.decided_at), 'revocation', (select r.id from entry r
    where r.learner = c.learner and r.scheme = c.scheme and r.sequence = c.revoking),
  'replaced_by', c.replacing), $2
from correction c
join entry e on e.learner = c.learner and e.scheme = c.scheme and e.sequence = c.entry
join account a on a.learner = c.learner and a.scheme = c.scheme
join scheme s on s.id = c.scheme
where c.id = $1
"""


async def _tell(connection: Connection, correction: UUID) -> None:
    """Record the event that tells how the correction stands now."""
    await connection.execute(_TELL, correction, current_traceparent())


async def deposited(where: Where, deposit: UUID, entry: UUID) -> asyncpg.Record | None:
    """Where the entry of a deposit stands, and whose it is."""
    return await where.fetchrow(_DEPOSITED, deposit, entry)


async def converted(where: Where, learner: UUID, entry: UUID) -> asyncpg.Record | None:
    """Where a learner's conversion stands, whose rule it was made by, and its batch."""
    return await where.fetchrow(_CONVERTED, learner, entry)


async def add(
    connection: Connection,
    identifier: UUID,
    deposit: UUID,
    found: asyncpg.Record,
    *,
    requested_by: UUID,
    reason: str,
    replacement: tuple[int, date, UUID | None, str | None, str | None, str | None] | None,
) -> bool:
    """Ask for a correction; False while another one of the deposit waits."""
    added = await connection.fetchval(
        _ADD,
        identifier,
        found["learner"],
        found["scheme"],
        found["sequence"],
        deposit,
        found["issuer"],
        requested_by,
        reason,
        *(replacement or (None,) * 6),
    )
    if added is None:
        return False
    await _tell(connection, identifier)
    return True


async def institution_of(pool: Pool, correction: UUID) -> UUID | None:
    """The institution whose correction it is."""
    found: UUID | None = await pool.fetchval("select institution from correction where id = $1", correction)
    return found


async def shown(pool: Pool, correction: UUID) -> bytes:
    """One correction as JSON."""
    row = await pool.fetchrow(f"{_SHOWN} where c.id = $1", correction)
    assert row is not None, "none is ever removed"
    found: bytes = row["item"]
    return found


async def page(
    pool: Pool, institution: UUID, state: str | None, before: UUID | None, limit: int
) -> list[tuple[bytes, UUID]]:
    """An institution's corrections, newest first, each as JSON and id."""
    rows = await pool.fetch(
        f"{_SHOWN} where c.institution = $1 and ($2::text is null or c.state = $2)"
        " and ($3::uuid is null or c.id < $3) order by c.id desc limit $4",
        institution,
        state,
        before,
        limit,
    )
    return [(row["item"], row["id"]) for row in rows]


async def locked(connection: Connection, correction: UUID) -> asyncpg.Record | None:
    """The correction, which nobody else decides on meanwhile."""
    return await connection.fetchrow(_LOCKED, correction)


async def decide(
    connection: Connection,
    found: asyncpg.Record,
    state: str,
    by: UUID,
    reason: str | None,
    revoking: int | None,
    replacing: UUID | None,
) -> None:
    """What was decided, and what came of it."""
    await connection.execute(_DECIDE, found["learner"], found["id"], state, by, reason, revoking, replacing)
    await _tell(connection, found["id"])
