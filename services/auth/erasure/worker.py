"""Erases whoever's day has come, apart from every request."""

import asyncio
from typing import Final

from libs.common import logs
from libs.common.database import Database, is_away
from libs.common.tasks import end
from services.auth.erasure.rules import LOOK_SECONDS
from services.auth.erasure.service import TakeOut, erase_due

ERASED: Final = "erasure.done"
ERASURE_FAILED: Final = "erasure.failed"


class Eraser:
    """Looks at the start and every ten minutes. `start` before use, `stop` at the end.

    What was told of the erased is taken out of the stream too, by `take_out`.
    """

    def __init__(self, database: Database, take_out: TakeOut) -> None:
        self._database = database
        self._take_out = take_out
        self._task: asyncio.Task[None] | None = None
        self._log = logs.logger(__name__)

    def start(self) -> None:
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        if self._task is not None:
            await end(self._task)

    async def look(self) -> None:
        """Erase whoever is due."""
        if people := await erase_due(self._database, self._take_out):
            self._log.info(ERASED, people=people)

    async def _run(self) -> None:
        while True:
            try:
                await self.look()
            except Exception as error:
                if not is_away(error):
                    self._log.error(ERASURE_FAILED, exc_info=error)
            await asyncio.sleep(LOOK_SECONDS)
