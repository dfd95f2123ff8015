"""What changes by the calendar alone: roles and enrolments that begin or are over, and birthdays."""

from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Final
from uuid import UUID

from libs.common.database import Database
from services.auth.calendar import repository
from services.auth.classes.service import record_classes
from services.auth.people.service import record_people

AT_ONCE: Final = 5_000
_RECORDERS: Final[dict[str, Callable[[Any, Iterable[UUID]], Awaitable[None]]]] = {
    "people": record_people,
    "classes": record_classes,
}


async def tell(database: Database, *, time_zone: str) -> int | None:
    """Tell the other services of everybody whom the days since the last time changed; how many there were.

    None if another process is about it. What was told before a crash is told once more, nothing is left out.
    """
    connection = await database.connect()
    try:
        if not await repository.take(connection):
            return None
        days = await repository.days(connection, time_zone=time_zone)
        if days["told_on"] == days["today"]:
            return 0
        await repository.gather(connection, days["told_on"], days["today"])
        number = 0
        for kind, record in _RECORDERS.items():
            last = 0
            while rows := await repository.due(connection, kind, last, AT_ONCE):
                async with connection.transaction():
                    await record(connection, [identifier for _, identifier in rows])
                database.events_recorded()
                last, number = rows[-1][0], number + len(rows)
        await repository.told(connection, days["today"])
        return number
    finally:
        await connection.close()
