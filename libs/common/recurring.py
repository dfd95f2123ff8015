"""Work that a process does again and again beside its requests, whatever happens to a store meanwhile."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

from libs.common import logs
from libs.common.database import is_passing
from libs.common.tasks import end


class Recurring:
    """Does `work` until stopped; it answers with the seconds until it is wanted again.

    After a failure it is done again in `retry_seconds`; failures are logged as `failed`, but not those that
    pass: of a store that is away those tell who need it.
    """

    def __init__(self, work: Callable[[], Awaitable[float]], *, failed: str, retry_seconds: float) -> None:
        self._work = work
        self._failed = failed
        self._retry_seconds = retry_seconds
        self._woken = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._log = logs.logger(type(self).__module__)

    def start(self) -> None:
        """Begin, at once."""
        self._task = asyncio.create_task(self.run())

    async def stop(self) -> None:
        """End it, in the middle of its work too."""
        if self._task is not None:
            await end(self._task)

    def wake(self) -> None:
        """Say that there is something to do."""
        self._woken.set()

    async def run(self) -> None:
        """Work for ever, in the caller's own task."""
        while True:
            self._woken.clear()
            try:
                pause = await self._work()
            except Exception as error:
                if not is_passing(error):
                    self._log.error(self._failed, exc_info=error)
                pause = self._retry_seconds
            with suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), pause)
