"""Use cases of documents; whoever asks must have been let in by the door of their organisation.

Whether a document may be written is judged and done under one lock, so that of several writers who all saw
the same document only the first goes through.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

from libs.common.database import Database
from libs.common.languages import Text
from services.creditbank.tables import Connection, Pool
from services.creditbank.xapi.documents import repository
from services.creditbank.xapi.documents.problems import (
    DocumentPreconditionFailed,
    DocumentPreconditionMissing,
)
from services.creditbank.xapi.documents.rules import (
    Conditions,
    NotJson,
    Target,
    etag_of,
    is_json,
    judged,
    members,
    merged,
)
from services.creditbank.xapi.protocol.problems import XapiRequestInvalid
from services.creditbank.xapi.protocol.rules import Version

_HEADER_NEEDED = Text("is required, or If-None-Match", "必填，或使用 If-None-Match")
_OBJECT = Text("must be a JSON object", "必须是 JSON 对象")
_TYPE = Text("must be application/json, as the document that is there", "必须与现有文档同为 application/json")


@dataclass(frozen=True, slots=True)
class Writing:
    """A document on its way in, and on which conditions."""

    method: str
    version: Version
    conditions: Conditions
    content_type: str = ""
    content: bytes = b""


async def find(pool: Pool, target: Target) -> asyncpg.Record | None:
    """A document with its type, tag and time, if there is one."""
    return await repository.find(pool, target)


async def listed(pool: Pool, target: Target, since: datetime | None) -> tuple[bytes, datetime | None]:
    """The ids in a context as a JSON list, and when the newest of these documents was changed."""
    row = await repository.listed(pool, target.organisation, target.context, since)
    return row["ids"], row["modified_at"]


async def put(database: Database, target: Target, given: Writing) -> str:
    """Store a document in place of one that may be there; its tag.

    Raises DocumentPreconditionFailed, DocumentPreconditionMissing, XapiRequestInvalid.
    """
    async with database.pool.acquire() as pooled, pooled.transaction():
        connection: Connection = pooled  # type: ignore[assignment]  # stands for its own
        await _present(connection, target, given)
        return await _write(connection, target, given.content_type, given.content)


async def post(database: Database, target: Target, given: Writing) -> str:
    """Store a document, or put the members of a JSON object into the one that is there; its tag.

    Raises DocumentPreconditionFailed, XapiRequestInvalid (part three, 2.2: nothing is changed then).
    """
    if is_json(given.content_type):
        _object(given.content, "body", given.version)
    async with database.pool.acquire() as pooled, pooled.transaction():
        connection: Connection = pooled  # type: ignore[assignment]  # stands for its own
        present = await _present(connection, target, given)
        if present is None:
            return await _write(connection, target, given.content_type, given.content)
        if not (is_json(given.content_type) and is_json(present["content_type"])):
            raise _unmergeable("Content-Type", _TYPE, given.version)
        _object(present["content"], "the document that is there", given.version)
        content = merged(present["content"], given.content)
        return await _write(connection, target, present["content_type"], content)


async def delete(database: Database, target: Target, given: Writing) -> None:
    """Delete a document, which need not be there; raises DocumentPreconditionFailed."""
    async with database.pool.acquire() as pooled, pooled.transaction():
        connection: Connection = pooled  # type: ignore[assignment]  # stands for its own
        await _present(connection, target, given)
        await repository.delete(connection, target)


async def delete_all(database: Database, target: Target) -> None:
    """Delete every document of a context."""
    await repository.delete_all(database.pool, target.organisation, target.context)


async def _present(connection: Connection, target: Target, given: Writing) -> asyncpg.Record | None:
    """The document that is there and may be changed, held until the transaction ends."""
    await repository.lock(connection, target)
    present = await repository.find(connection, target)
    tag: Any = None if present is None else present["etag"]
    match judged(given.method, given.version, target.kind, tag, given.conditions):
        case "failed":
            raise DocumentPreconditionFailed
        case "exists":
            raise DocumentPreconditionMissing
        case "needed":
            clause = "xAPI 1.0.3 Communication 3.1"
            raise XapiRequestInvalid(path="If-Match", clause=clause, reason=_HEADER_NEEDED)
        case "go":
            return present


async def _write(connection: Connection, target: Target, content_type: str, content: bytes) -> str:
    etag = etag_of(content)
    await repository.write(connection, target, content_type=content_type, content=content, etag=etag)
    return etag


def _object(content: bytes, path: str, version: Version) -> None:
    try:
        members(content)
    except NotJson:
        raise _unmergeable(path, _OBJECT, version) from None


def _unmergeable(path: str, reason: Text, version: Version) -> XapiRequestInvalid:
    clause = "xAPI 1.0.3 Communication 2.2" if version == "1.0.3" else "IEEE 9274.1.1 4.1.6"
    return XapiRequestInvalid(path=path, clause=clause, reason=reason)
