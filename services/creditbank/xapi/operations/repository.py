"""SQL of what was done with record stores; each is an organisation's."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

import asyncpg

from services.creditbank.tables import Pool, Where

_JSON: Final = """json_build_object('id', o.id, 'organisation', o.organisation, 'kind', o.kind, 'by', o.by,
  'filters', o.filters, 'statements', o.statements, 'refused', o.refused, 'kept', o.kept,
  'renamed', o.renamed, 'documents', o.documents,
  'begun_at', utc_text(o.begun_at), 'ended_at', utc_text(o.ended_at))"""
_BEGIN: Final = """
insert into xapi_operation (id, organisation, kind, by, filters, agent) values ($1, $2, $3, $4, $5, $6)
on conflict (id) do nothing
"""
_COUNT: Final = """
update xapi_operation set statements = statements + $2, refused = refused + $3, renamed = renamed + $4,
  documents = documents + $5 where id = $1
"""
_MOVE: Final = """
update xapi_operation set position = $2, statements = statements + $3, kept = kept + $4 where id = $1
"""
_NEXT: Final = """
select id, organisation, filters, position, begun_at from xapi_operation
where kind = 'pruning' and ended_at is null order by id limit 1 for update skip locked
"""


async def begin(
    where: Where,
    operation: UUID,
    organisation: UUID,
    kind: str,
    by: UUID | None,
    filters: bytes | None = None,
    agent: str | None = None,
) -> None:
    """Write down that it begins; a second time with the same id changes nothing."""
    await where.execute(_BEGIN, operation, organisation, kind, by, filters, agent)


async def count(
    where: Where, operation: UUID, statements: int, *, refused: int = 0, renamed: int = 0, documents: int = 0
) -> None:
    """Add to its counts."""
    await where.execute(_COUNT, operation, statements, refused, renamed, documents)


async def move(where: Where, operation: UUID, position: int, statements: int, kept: int) -> None:
    """A pruning has come to a position."""
    await where.execute(_MOVE, operation, position, statements, kept)


async def end(where: Where, operations: Sequence[UUID]) -> None:
    """Nothing more comes of these; those that never began are none."""
    await where.execute("update xapi_operation set ended_at = now() where id = any($1)", operations)


async def next_pruning(where: Where) -> asyncpg.Record | None:
    """One that has not ended, of any organisation; no other worker takes it until the transaction ends."""
    return await where.fetchrow(_NEXT)


async def shown(where: Where, operation: UUID) -> bytes:
    """An operation as JSON; whoever asks must have been let in."""
    query = f"select {_JSON} from xapi_operation o where o.id = $1"
    found: bytes = await where.fetchval(query, operation)
    return found


async def page(pool: Pool, organisation: UUID, before: UUID | None, limit: int) -> list[tuple[bytes, UUID]]:
    """What was done with the organisation's store as (JSON, id), newest first."""
    query = (
        f"select o.id, {_JSON} as item from xapi_operation o"
        " where o.organisation = $1 and ($2::uuid is null or o.id < $2) order by o.id desc limit $3"
    )
    return [(row["item"], row["id"]) for row in await pool.fetch(query, organisation, before, limit)]
