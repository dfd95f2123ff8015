"""Looks at the calendar every hour, and right after midnight."""

import asyncio
from datetime import datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from libs.common import logs
from libs.common.database import Database, is_away
from libs.common.tasks import end
from services.auth.calendar import service

EVERY_SECONDS: Final = 3600.0
AFTER_MIDNIGHT_SECONDS: Final = 2.0
PAUSE_SECONDS: Final = 30.0
CALENDAR_TOLD: Final = "calendar.told"
CALENDAR_FAILED: Final = "calendar.failed"


class CalendarWorker:
    """Tells of what the day changed; of several processes, one does it."""

    def __init__(self, database: Database, *, time_zone: str) -> None:
        self._database = database
        self._time_zone = time_zone
        self._task: asyncio.Task[None] | None = None
        self._log = logs.logger(__name__)

    async def start(self) -> None:
        """Begin, with the days that passed while no process ran."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        if self._task is not None:
            await end(self._task)

    async def _run(self) -> None:
        while True:
            try:
                number = await service.tell(self._database, time_zone=self._time_zone)
                if number:
                    self._log.info(CALENDAR_TOLD, subjects=number)
                pause = seconds_to_wait(datetime.now(ZoneInfo(self._time_zone)))
            except Exception as error:
                if not is_away(error):
                    self._log.error(CALENDAR_FAILED, exc_info=error)
                pause = PAUSE_SECONDS
            await asyncio.sleep(pause)


def seconds_to_wait(now: datetime) -> float:
    """Until the next look: an hour, less where a day begins before that; `now` is in the platform's zone."""
    midnight = datetime.combine(now.date() + timedelta(days=1), time(), now.tzinfo)
    return min(EVERY_SECONDS, midnight.timestamp() - now.timestamp() + AFTER_MIDNIGHT_SECONDS)
