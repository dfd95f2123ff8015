"""SQL of documents; each is an organisation's."""

from datetime import datetime
from typing import Final
from uuid import UUID

import asyncpg

from services.creditbank.tables import Connection, Pool, Where
from services.creditbank.xapi.documents.rules import Target

_PLACE: Final = "organisation = $1 and context = $2 and name = $3"
_WRITE: Final = """
insert into xapi_document (organisation, context, name, kind, agent, activity, registration, id, content_type,
  content, etag)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
on conflict on constraint pk_xapi_document do update set content_type = excluded.content_type,
  content = excluded.content, etag = excluded.etag, modified_at = clock_timestamp()
"""
_LISTED: Final = """
select coalesce(json_agg(id order by modified_at, id), '[]') as ids, max(modified_at) as modified_at
from xapi_document
where organisation = $1 and context = $2 and ($3::timestamptz is null or modified_at > $3)
"""


async def lock(connection: Connection, target: Target) -> None:
    """Nobody else writes the document, which need not be there, until the transaction ends."""
    await connection.execute("select pg_advisory_xact_lock($1)", target.lock)


async def find(where: Where, target: Target) -> asyncpg.Record | None:
    """The document with all its facts."""
    query = f"select content_type, content, etag, modified_at from xapi_document where {_PLACE}"
    return await where.fetchrow(query, target.organisation, target.context, target.name)


async def write(
    connection: Connection, target: Target, *, content_type: str, content: bytes, etag: str
) -> None:
    """Store a document, in place of one that may be there."""
    await connection.execute(
        _WRITE,
        *(target.organisation, target.context, target.name, target.kind, target.agent_digest),
        *(target.activity, target.registration, target.document, content_type, content, etag),
    )


async def delete(connection: Connection, target: Target) -> None:
    await connection.execute(
        f"delete from xapi_document where {_PLACE}", target.organisation, target.context, target.name
    )


async def delete_all(pool: Pool, organisation: UUID, context: bytes) -> None:
    """Delete every document of a context."""
    await pool.execute(
        "delete from xapi_document where organisation = $1 and context = $2", organisation, context
    )


async def listed(pool: Pool, organisation: UUID, context: bytes, since: datetime | None) -> asyncpg.Record:
    """The ids of a context's documents as JSON, oldest change first, and when the newest was changed."""
    row = await pool.fetchrow(_LISTED, organisation, context, since)
    assert row is not None, "an aggregate has one row"
    return row
