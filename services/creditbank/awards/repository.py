"""SQL of awards."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from libs.common.tracing import current_traceparent
from services.creditbank.approvals.requests import Requests
from services.creditbank.programmes.rules import Allocation
from services.creditbank.tables import Connection, Where

_AWARD = """
select r.id, json_build_object('id', r.id, 'learner', l.id, 'institution', json_build_object('id', x.id,
    'name', x.name), 'programme', json_build_object('id', u.id, 'code', u.code, 'version', u.version,
    'title', json_build_object('en', u.title_en, 'zh', u.title_zh)), 'scheme', s.code,
  'state', case when r.state = 'requested' and r.until <= now() then 'lapsed' else r.state end,
  'held_until', utc_text(r.until), 'requested_at', utc_text(r.requested_at),
  'decided_at', utc_text(r.decided_at), 'reason', r.reason, 'rescission_at', utc_text(r.rescission_at),
  'rescission_reason', r.rescission_reason, 'rescinded_at', utc_text(r.rescinded_at),
  'lots', (select json_agg(json_build_object('lot', k.number, 'course', k.outcome,
      'requirement', k.requirement, 'credits', credits_text(k.amount)) order by k.number, k.requirement)
    from award_lot k where k.learner = r.learner and k.award = r.id),
  'entries', (select json_agg(e.id order by e.id) from award_hold h
    join entry e on e.learner = h.book and e.scheme = r.scheme and e.sequence = h.redemption
    where h.learner = r.learner and h.award = r.id)) as item
from award r join learner l on l.number = r.learner join institution x on x.id = r.institution
join rule u on u.id = r.rule join scheme s on s.id = r.scheme
"""
_ADD = """
insert into award (learner, id, institution, rule, scheme, key, payload_hash, facts, until, requested_by)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""
_ADD_LOTS = """
insert into award_lot (learner, award, book, number, requirement, amount, outcome)
select $1, $2, * from unnest($3::bigint[], $4::integer[], $5::varchar[], $6::integer[], $7::uuid[])
"""
_ADD_HOLDS = """
insert into award_hold (learner, award, book, hold)
select $1, $2, * from unnest($3::bigint[], $4::uuid[])
"""
_FIND = """
select a.*, a.until <= now() as is_late, array(select m.id from learner l join learner m
  on m.number = coalesce(l.merged_into, l.number) or m.merged_into = coalesce(l.merged_into, l.number)
  where l.number = a.learner) as ids
from award a where a.id = $1
"""
_DECIDE = """
update award set state = $3, version = version + 1, decided_by = $4,
  decided_at = case when $4::uuid is null then null else now() end, reason = $5
where learner = $1 and id = $2 and state = 'requested'
"""
_RESCIND = """
update award set state = 'rescinding', version = version + 1, rescission_by = $3, rescission_at = now(),
  rescission_reason = $4
where learner = $1 and id = $2 and state = 'certified'
"""
_RESCINDED = """
update award set state = $3, version = version + 1, rescinded_by = $4, rescinded_at = now()
where learner = $1 and id = $2 and state = 'rescinding'
"""
_GRANTED = """
select a.learner, a.id, a.rule, a.facts, r.document,
  array_agg(k.book) as books, array_agg(k.number) as numbers,
  array_agg(k.requirement) as requirements, array_agg(k.amount) as amounts, array_agg(k.outcome) as outcomes
from award a join rule r on r.id = a.rule
left join award_lot k on k.learner = a.learner and k.award = a.id
where a.state = any($1) group by a.learner, a.id, r.id
"""
_TELL = """
insert into outbox (id, type, subject, data, traceparent)
select uuid7(), 'creditbank.award.changed.v1', a.id, json_build_object('id', a.id, 'version', a.version,
  'learner', h.id, 'institution', a.institution, 'programme', json_build_object('id', r.id, 'code', r.code,
    'version', r.version, 'title', json_build_object('en', r.title_en, 'zh', r.title_zh)),
  'scheme', s.code, 'credits', (select credits_text(sum(k.amount)) from award_lot k
    where k.learner = a.learner and k.award = a.id), 'state', a.state, 'held_until', utc_text(a.until),
  'decided_at', utc_text(a.decided_at), 'rescinded_at', utc_text(a.rescinded_at)), $3
from award a join rule r on r.id = a.rule join scheme s on s.id = a.scheme
join learner l on l.number = a.learner join learner h on h.number = coalesce(l.merged_into, l.number)
where a.learner = $1 and a.id = $2
"""
REQUESTS = Requests("award", _AWARD)


async def _tell(connection: Connection, learner: int, award: UUID) -> None:
    """Record the event that tells how the award stands now."""
    await connection.execute(_TELL, learner, award, current_traceparent())


async def add(
    connection: Connection,
    learner: int,
    identifier: UUID,
    about: tuple[UUID, UUID, int],
    asked: tuple[str, str, bytes],
    until: datetime,
    person: UUID,
) -> None:
    """Add an award asked for; `about` is institution, rule and scheme, `asked` key, digest and facts."""
    await connection.execute(_ADD, learner, identifier, *about, *asked, until, person)


async def add_lots(
    connection: Connection,
    learner: int,
    award: UUID,
    allocations: Sequence[Allocation],
    outcomes: Sequence[UUID],
    holds: Sequence[tuple[int, UUID]],
) -> None:
    """Add what counts for an award, and the holds that keep it."""
    await connection.execute(
        _ADD_LOTS,
        learner,
        award,
        [one.key[0] for one in allocations],
        [one.key[1] for one in allocations],
        [one.requirement for one in allocations],
        [one.amount for one in allocations],
        list(outcomes),
    )
    await connection.execute(
        _ADD_HOLDS, learner, award, [book for book, _ in holds], [hold for _, hold in holds]
    )
    await _tell(connection, learner, award)


async def find(where: Where, identifier: UUID, *, locked: bool = False) -> asyncpg.Record | None:
    """One award; locked until the transaction ends, so that it is decided once."""
    return await where.fetchrow(_FIND + (" for no key update of a" if locked else ""), identifier)


async def holds(where: Where, learner: int, award: UUID) -> Sequence[asyncpg.Record]:
    """The award's holds in the order in which books are locked."""
    return await where.fetch(
        "select book, hold, redemption from award_hold where learner = $1 and award = $2 order by book",
        learner,
        award,
    )


async def redeemed(connection: Connection, learner: int, award: UUID, book: int, entry: int) -> None:
    """Note which entry spent a hold."""
    await connection.execute(
        "update award_hold set redemption = $4 where learner = $1 and award = $2 and book = $3",
        learner,
        award,
        book,
        entry,
    )


async def decide(
    connection: Connection, learner: int, award: UUID, state: str, person: UUID | None, reason: str | None
) -> None:
    """End the wait of an award that was locked by `find`."""
    await connection.execute(_DECIDE, learner, award, state, person, reason)
    await _tell(connection, learner, award)


async def begin_rescission(
    connection: Connection, learner: int, award: UUID, person: UUID, reason: str
) -> None:
    await connection.execute(_RESCIND, learner, award, person, reason)
    await _tell(connection, learner, award)


async def end_rescission(connection: Connection, learner: int, award: UUID, state: str, person: UUID) -> None:
    await connection.execute(_RESCINDED, learner, award, state, person)
    await _tell(connection, learner, award)


async def granted(connection: Connection, states: Sequence[str]) -> AsyncIterator[asyncpg.Record]:
    """Every award in one of these states with its rules, its facts, and the lots that count for it."""
    async for row in connection.cursor(_GRANTED, list(states), prefetch=200):
        yield row
