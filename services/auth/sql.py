"""One SQL statement, on a session's transaction or on a raw asyncpg pool or connection alike."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from libs.common.tracing import current_traceparent

# An AsyncSession, an asyncpg Pool or an asyncpg Connection.
Where = Any
Row = Mapping[str, Any]


async def fetch(where: Where, statement: str, *values: Any) -> Sequence[Row]:
    """The rows of a statement with $1, $2 …, read by column name."""
    if isinstance(where, AsyncSession):
        result = await (await where.connection()).exec_driver_sql(statement, values)
        return cast(Sequence[Row], result.mappings().all())
    rows: Sequence[Row] = await where.fetch(statement, *values)
    return rows


async def fetch_one(where: Where, statement: str, *values: Any) -> Row | None:
    """The first row, or None."""
    rows = await fetch(where, statement, *values)
    return rows[0] if rows else None


async def execute(where: Where, statement: str, *values: Any) -> None:
    """Run a statement for its effect."""
    if isinstance(where, AsyncSession):
        await (await where.connection()).exec_driver_sql(statement, values)
    else:
        await where.execute(statement, *values)


async def record_changes(where: Where, function: str, ids: Iterable[UUID]) -> None:
    """Raise the versions of these subjects and record each one's whole state as an event.

    On a session the relay is woken after the commit; a raw connection's owner wakes it.
    """
    await fetch(where, f"select {function}($1::uuid[], $2::text)", list(ids), current_traceparent())
    if isinstance(where, AsyncSession):
        where.info["events"] = True
