"""SQL of what was done with record stores; each is an organisation's."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

import asyncpg

from services.creditbank.tables import Where
from services.creditbank.xapi.listing import Listing

_JSON: Final = """json_build_object('id', r.id, 'organisation', r.organisation, 'kind', r.kind, 'by', r.by,
  'filters', r.filters, 'statements', r.statements, 'refused', r.refused, 'kept', r.kept,
  'renamed', r.renamed, 'documents', r.documents,
  'begun_at', utc_text(r.begun_at), 'ended_at', utc_text(r.ended_at))"""
_LISTING: Final = Listing("xapi_operation", _JSON)
shown = _LISTING.shown
page = _LISTING.page
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
