"""Looks up who asked for a link, apart from every request, so that no answer's time tells anything."""

import asyncio
from contextlib import suppress
from typing import Final

from libs.common import logs
from libs.common.database import Database, is_away
from libs.common.tasks import end
from services.auth.mail.courier import Courier
from services.auth.recovery import repository, service

RECOVERY_FAILED: Final = "recovery.failed"
LOOK_SECONDS: Final = 1.0


class RecoveryWorker:
    """Answers wishes of all processes within about a second."""

    def __init__(self, database: Database, courier: Courier, *, public_address: str) -> None:
        self._database = database
        self._courier = courier
        self._public_address = public_address
        self._task: asyncio.Task[None] | None = None
        self._log = logs.logger(__name__)

    def start(self) -> None:
        """Begin to look for wishes."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        if self._task is not None:
            await end(self._task)

    async def answer_all(self) -> None:
        """Answer whoever waits now."""
        while await repository.has_wishes(self._database.pool):
            if not await service.answer_wish(self._database, self._public_address):
                return
            self._courier.wake()

    async def _run(self) -> None:
        while True:
            with suppress(TimeoutError):
                await asyncio.sleep(LOOK_SECONDS)
            try:
                await self.answer_all()
            except Exception as error:
                if not is_away(error):
                    self._log.error(RECOVERY_FAILED, exc_info=error)
