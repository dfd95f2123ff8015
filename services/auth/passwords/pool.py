"""A bounded pool of threads for hashing, so that sign-ins never starve other requests."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
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
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Result] = loop.create_future()
        future = self._begin(partial(_tell, answer), work, *arguments, **named)
        try:
            return await answer
        except asyncio.CancelledError:
            future.cancel()  # if no thread has it yet
            raise

    def begin(
        self, work: Callable[Arguments, Result], *arguments: Arguments.args, **named: Arguments.kwargs
    ) -> None:
        """Hand the work to a thread of the pool; nobody has to wait for it."""
        self._begin(_tell_nobody, work, *arguments, **named)

    def _begin(
        self,
        tell: Callable[[Future[Result]], None],
        work: Callable[Arguments, Result],
        *arguments: Arguments.args,
        **named: Arguments.kwargs,
    ) -> Future[Result]:
        if self._taken >= self._places:
            raise HashingBusy
        self._taken += 1
        loop = asyncio.get_running_loop()

        def leave(done: Future[Result]) -> None:
            self._taken -= 1
            tell(done)

        # A caller who goes away does not free the thread: the place is free when the work is done.
        future = self._executor.submit(work, *arguments, **named)
        future.add_done_callback(lambda done: loop.call_soon_threadsafe(leave, done))
        return future

    def stop(self) -> None:
        """Give up what waits, and let running work end."""
        self._executor.shutdown(wait=True, cancel_futures=True)


def _tell(answer: "asyncio.Future[Result]", done: "Future[Result]") -> None:
    """Give the caller, if there still is one, what the thread has found."""
    if answer.done():
        return
    if done.cancelled():
        answer.cancel()
    elif (error := done.exception()) is not None:
        answer.set_exception(error)
    else:
        answer.set_result(done.result())


def _tell_nobody(_done: "Future[Result]") -> None:
    """Nobody waits."""
