"""SQL of the audit: adding rows, and reading those a caller may see."""

from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from services.auth.audit.rules import INSERT

_INSERT: Final = text(
    INSERT.format(
        action=":action",
        actor_kind=":actor_kind",
        actor_id=":actor_id",
        organisation_id=":organisation_id",
        subject_id=":subject_id",
        data="cast(:data as json)",
    )
)

_ENTRY: Final = """
json_build_object(
  'position', a.position, 'time', to_char(a.time at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
  'action', a.action, 'actor_kind', a.actor_kind, 'actor', a.actor_id,
  'organisation', a.organisation_id, 'subject', a.subject_id, 'data', a.data)
"""
_OF_ORGANISATION: Final = f"""
select {_ENTRY}, a.position from audit a
where a.organisation_id in (select id from organisation where ancestors @> array[$1::uuid])
  and a.position < $2
order by a.position desc limit $3
"""
# Also what was done with records that were merged into this one.
_OF_PERSON: Final = f"""
select {_ENTRY}, a.position from audit a
where a.subject_id = any(array(select id from person where id = $1 or merged_into = $1)) and a.position < $2
order by a.position desc limit $3
"""


async def append(session: AsyncSession, row: dict[str, Any]) -> None:
    await (await session.connection()).execute(_INSERT, row)


async def page_of_organisation(pool: Any, organisation: UUID, before: int, limit: int) -> list[Any]:
    """Entries about an organisation and everything below it, newest first, as (JSON, position)."""
    rows: list[Any] = await pool.fetch(_OF_ORGANISATION, organisation, before, limit)
    return rows


async def page_of_person(pool: Any, person: UUID, before: int, limit: int) -> list[Any]:
    """Entries about one person, newest first, as (JSON, position)."""
    rows: list[Any] = await pool.fetch(_OF_PERSON, person, before, limit)
    return rows


async def first_break(pool: Any) -> int | None:
    """The first position of the platform's chain that does not hold."""
    position: int | None = await pool.fetchval("select audit_break()")
    return position
