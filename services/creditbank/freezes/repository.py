"""SQL of freezes; the functions of migration 0004 alone begin and end them."""

from collections.abc import Collection
from typing import Final
from uuid import UUID

from libs.common.tracing import current_traceparent
from services.creditbank.tables import Connection, Pool

_IN_CHARGE: Final = """
select coalesce(l.merged_into, l.number) from learner l
where l.id = $1 and exists (
  select from learner c
  join learner_organisation r on r.learner = coalesce(c.merged_into, c.number)
  join learner_organisation o on o.learner = coalesce(l.merged_into, l.number) and o.roles <> '{}'
  join institution x on x.id = o.organisation
  where c.id = $2 and r.roles && $3 and r.organisation = any(x.ancestors)
    and coalesce(c.merged_into, c.number) <> coalesce(l.merged_into, l.number))
"""
_SHOWN: Final = """
select coalesce(json_agg(json_build_object('id', f.id, 'learner', $2::uuid, 'reason', f.reason,
  'begun_by', f.begun_by, 'begun_at', utc_text(f.begun_at), 'ended_by', f.ended_by,
  'ended_at', utc_text(f.ended_at)) order by f.begun_at desc), '[]')
from (
  select distinct on (f.id) f.* from learner m join account_freeze f on f.learner = m.number
  where m.number = $1 or m.merged_into = $1 order by f.id, f.learner, f.scheme
) f
"""
_BY: Final = """
select begun_by from learner m join account_freeze f on f.learner = m.number
where (m.number = $1 or m.merged_into = $1) and f.id = $2 limit 1
"""
# The accounts are locked until the end of the transaction, so of one learner these follow one another.
_TELL: Final = """
insert into outbox (id, type, subject, data, traceparent)
select uuid7(), 'creditbank.freeze.changed.v1', h.id, json_build_object('learner', h.id,
  'version', count(distinct f.id) + count(distinct f.id) filter (where f.ended_at is not null),
  'frozen', bool_or(f.ended_at is null)), $2
from learner h join learner m on m.number = h.number or m.merged_into = h.number
join account_freeze f on f.learner = m.number where h.number = $1 group by h.id
"""


async def in_charge(pool: Pool, learner: UUID, *, person: UUID, roles: Collection[str]) -> int | None:
    """The learner's number, if another person holds such a role where the learner has one, or above."""
    found: int | None = await pool.fetchval(_IN_CHARGE, learner, person, list(roles))
    return found


async def shown(pool: Pool, number: int, learner: UUID) -> bytes:
    """All freezes of a learner as JSON, newest first."""
    found: bytes = await pool.fetchval(_SHOWN, number, learner)
    return found


async def begun_by(pool: Pool, number: int, freeze: UUID) -> UUID | None:
    """Who froze; None if this learner has no such freeze."""
    found: UUID | None = await pool.fetchval(_BY, number, freeze)
    return found


async def begin(connection: Connection, number: int, freeze: UUID, *, by: UUID, reason: str) -> int:
    """How many accounts are frozen now; it is told if any is."""
    query = "select begin_freeze($1, $2, $3, $4)"
    return await _told(connection, number, await connection.fetchval(query, number, freeze, by, reason))


async def end(connection: Connection, number: int, freeze: UUID, *, by: UUID) -> int:
    """How many accounts are let go; it is told if any is."""
    query = "select end_freeze($1, $2, $3)"
    return await _told(connection, number, await connection.fetchval(query, number, freeze, by))


async def _told(connection: Connection, number: int, accounts: int) -> int:
    if accounts:
        await connection.execute(_TELL, number, current_traceparent())
    return accounts
