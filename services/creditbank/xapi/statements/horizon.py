"""Up to when all that was stored can be read: the header X-Experience-API-Consistent-Through."""

import asyncio
import time
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final

from services.creditbank.tables import Pool

#: how long what was found is told again without asking; it stays true, it only gets old
FRESH_SECONDS: Final = 0.02
_EVERY_SECONDS: Final = 1.0
_ASK: Final = "select xapi_consistent_through()"


class Horizon:
    """What the database last said, asked again when it is too old, or after this process stored something."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._known = datetime.fromtimestamp(0, UTC)
        self._asked = float("-inf")
        self._asking: asyncio.Task[None] | None = None

    async def through(self) -> datetime:
        """A time no later than the next statement's snapshot is complete for."""
        if time.monotonic() - self._asked > FRESH_SECONDS:
            if self._asking is None:
                self._asking = asyncio.ensure_future(self._ask())
            await asyncio.shield(self._asking)
        return self._known

    async def _ask(self) -> None:
        """Ask the database, once for all who want to know at the same time."""
        asked, own = time.monotonic(), asyncio.current_task()
        try:
            found: datetime = await self._pool.fetchval(_ASK)
            while found.tzinfo is None:  # -infinity: a writer ended between two looks at it
                found = await self._pool.fetchval(_ASK)
            self._known = max(self._known, found)
            if self._asking is own:
                self._asked = asked
        finally:
            if self._asking is own:
                self._asking = None

    def moved(self) -> None:
        """This process has stored something: whoever asks next is to be told at least that time."""
        self._asked, self._asking = float("-inf"), None

    def latest(self) -> str:
        """What is known without asking, for answers that read no statements."""
        return written(self._known)

    async def run(self) -> None:
        """Keep what is known from getting old while nobody reads."""
        while True:
            with suppress(Exception):  # the database is away: it is asked again
                await self.through()
            await asyncio.sleep(_EVERY_SECONDS)


def written(moment: datetime) -> str:
    """A time as statements tell it: in UTC, cut to milliseconds."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
