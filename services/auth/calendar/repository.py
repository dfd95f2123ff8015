"""SQL of the calendar job; it tells of everybody concerned, on behalf of nobody."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Final
from uuid import UUID

from services.auth.sql import Row

LOCK: Final = "hashtextextended('calendar', 0)"
_MAKE: Final = """
create temporary table if not exists calendar_due (
  position bigint generated always as identity primary key, kind text not null, id uuid not null
);
truncate calendar_due restart identity
"""
# Whose role begins or is over, and who becomes fourteen, after the first day and up to the second.
_PEOPLE: Final = """
insert into calendar_due (kind, id)
select 'people', d.id from (
  select r.person_id as id from role_assignment r
  where r.status = 'open'
    and (r.begins_on > $1 and r.begins_on <= $2 or r.ends_on >= $1 and r.ends_on < $2)
  union
  select p.id from person p
  where p.merged_into is null
    and p.birth_date between ($1 - interval '14 years 2 days')::date and ($2 - interval '14 years')::date
    and fourteen_on(p.birth_date) > $1 and fourteen_on(p.birth_date) <= $2
) d order by d.id
"""
_CLASSES: Final = """
insert into calendar_due (kind, id)
select 'classes', d.id from (
  select distinct e.class_id as id from enrolment e
  where e.status = 'open'
    and (e.begins_on > $1 and e.begins_on <= $2 or e.ends_on >= $1 and e.ends_on < $2)
) d order by d.id
"""
_ALL: Final = """
insert into calendar_due (kind, id)
select 'people', id from (
  select id from person where merged_into is null and erased_at is null order by id) p
union all
select 'classes', id from (select id from class order by id) c
"""


async def take(connection: Any, *, lock: str = LOCK) -> bool:
    """Be the one who does it, for as long as this connection lives; False if another process is."""
    taken: bool = await connection.fetchval(f"select pg_try_advisory_lock({lock})")
    return taken


async def days(connection: Any, *, time_zone: str) -> Row:
    """The day up to which was told and the present one, once the platform's zone is this."""
    await connection.execute(
        "update calendar set time_zone = $1 where time_zone is distinct from $1", time_zone
    )
    row: Row = await connection.fetchrow("select told_on, today() as today from calendar")
    return row


async def gather(connection: Any, told_on: date | None, today: date) -> None:
    """Keep aside, on this connection, of whom must be told; of everybody if no day was told of."""
    await connection.execute(_MAKE)
    if told_on is None:
        await connection.execute(_ALL)
        return
    # The other way round when the zone's day went back.
    first, last = sorted((told_on, today))
    await connection.execute(_PEOPLE, first, last)
    await connection.execute(_CLASSES, first, last)


async def due(connection: Any, kind: str, after: int, limit: int) -> Sequence[tuple[int, UUID]]:
    """The next of them, as (position, id)."""
    rows: Sequence[tuple[int, UUID]] = await connection.fetch(
        "select position, id from calendar_due where kind = $1 and position > $2 order by position limit $3",
        kind,
        after,
        limit,
    )
    return rows


async def told(connection: Any, today: date) -> None:
    """Remember up to which day was told."""
    await connection.execute("update calendar set told_on = $1", today)
