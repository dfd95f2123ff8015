"""Looks at the calendar every hour, and right after midnight."""

from datetime import datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from libs.common.database import Database
from libs.common.recurring import Recurring
from services.auth.calendar import service

EVERY_SECONDS: Final = 3600.0
AFTER_MIDNIGHT_SECONDS: Final = 2.0
PAUSE_SECONDS: Final = 30.0
CALENDAR_TOLD: Final = "calendar.told"
CALENDAR_FAILED: Final = "calendar.failed"


class CalendarWorker(Recurring):
    """Tells of what the day changed; of several processes, one does it."""

    def __init__(self, database: Database, *, time_zone: str) -> None:
        super().__init__(self.look, failed=CALENDAR_FAILED, retry_seconds=PAUSE_SECONDS)
        self._database = database
        self._time_zone = time_zone

    async def look(self) -> float:
        """Tell of the day, and of those that passed while no process ran; the seconds until the next look."""
        number = await service.tell(self._database, time_zone=self._time_zone)
        if number:
            self._log.info(CALENDAR_TOLD, subjects=number)
        return seconds_to_wait(datetime.now(ZoneInfo(self._time_zone)))


def seconds_to_wait(now: datetime) -> float:
    """Until the next look: an hour, less where a day begins before that; `now` is in the platform's zone."""
    midnight = datetime.combine(now.date() + timedelta(days=1), time(), now.tzinfo)
    return min(EVERY_SECONDS, midnight.timestamp() - now.timestamp() + AFTER_MIDNIGHT_SECONDS)
