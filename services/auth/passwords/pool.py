"""A bounded pool of threads for hashing, so that sign-ins never starve other requests."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from services.auth.passwords.problems import HashingBusy

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


class HashingPool:
    """At most `threads` hashes at a time and `queue` waiting; the next is refused with HashingBusy."""

    def __init__(self, *, threads: int, queue: int) -> None:
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="hashing")
        self._places = threads + queue
        self._taken = 0

    async def run(
        self, work: Callable[Arguments, Result], *arguments: Arguments.args, **named: Arguments.kwargs
    ) -> Result:
        """The work's result, from a thread of the pool."""
        return await asyncio.wrap_future(self.begin(work, *arguments, **named))

    def begin(
        self, work: Callable[Arguments, Result], *arguments: Arguments.args, **named: Arguments.kwargs
    ) -> Future[Result]:
        """Hand the work to a thread of the pool; nobody has to wait for it."""
        if self._taken >= self._places:
            raise HashingBusy
        self._taken += 1
        future = self._executor.submit(work, *arguments, **named)
        loop = asyncio.get_running_loop()

        def leave(_done: Future[Result]) -> None:
            loop.call_soon_threadsafe(self._leave)

        # A caller who goes away does not free the thread: the place is free when the work is done.
        future.add_done_callback(leave)
        return future

    def _leave(self) -> None:
        self._taken -= 1

    def stop(self) -> None:
        """Give up what waits, and let running work end."""
        self._executor.shutdown(wait=True, cancel_futures=True)
