"""Calls that come while others are being worked on are merged into one.

A batch closes when a worker is free, never by a timer: a lone caller waits for nobody, and a crowd shares
the cost of a transaction. Workers that are free at one time share who waits, so that one works here while
the database does the other's. What cannot be done together is halved until the culprit stands alone.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from libs.common.database import is_away

Call = TypeVar("Call")
Answer = TypeVar("Answer")


@dataclass
class _Waiting(Generic[Call, Answer]):
    call: Call
    weight: int
    answer: "asyncio.Future[Answer]"


class Coalescer(Generic[Call, Answer]):
    """Runs `work` over batches of at most `limit` weight, `workers` at a time."""

    def __init__(
        self, work: Callable[[Sequence[Call]], Awaitable[Sequence[Answer]]], *, limit: int, workers: int
    ) -> None:
        self._work = work
        self._limit = limit
        self._workers = workers
        self._waiting: deque[_Waiting[Call, Answer]] = deque()
        self._running: set[asyncio.Task[None]] = set()
        # Workers, and those that have a batch. A task that has ended still is in `_running` for a while.
        self._present = self._busy = 0

    async def call(self, call: Call, weight: int) -> Answer:
        """The answer to one call. Cancelling the caller does not cancel the work, which may be shared."""
        waiting = _Waiting[Call, Answer](call, weight, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        if self._present < self._workers:
            self._present += 1
            task = asyncio.create_task(self._run())
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        return await waiting.answer

    async def stop(self) -> None:
        """Finish what was accepted."""
        while self._running:
            await asyncio.gather(*self._running)

    async def _run(self) -> None:
        try:
            while self._waiting:
                batch = self._next_batch()
                self._busy += 1
                try:
                    await self._answer(batch)
                finally:
                    self._busy -= 1
        finally:
            self._present -= 1

    def _next_batch(self) -> list[_Waiting[Call, Answer]]:
        """Those who wait, in their order: this worker's share of them, and no more than the limit."""
        share = -(-len(self._waiting) // (self._present - self._busy))
        batch = [self._waiting.popleft()]
        weight = batch[0].weight
        while len(batch) < share and weight + self._waiting[0].weight <= self._limit:
            batch.append(self._waiting.popleft())
            weight += batch[-1].weight
        return batch

    async def _answer(self, batch: Sequence[_Waiting[Call, Answer]]) -> None:
        try:
            answers = await self._work([waiting.call for waiting in batch])
        except Exception as error:
            # With the store away it is unknown what was done: the callers ask again with the same keys.
            if len(batch) == 1 or is_away(error):
                for waiting in batch:
                    if not waiting.answer.done():
                        waiting.answer.set_exception(error)
                return
            middle = len(batch) // 2
            await self._answer(batch[:middle])
            await self._answer(batch[middle:])
            return
        for waiting, answer in zip(batch, answers, strict=True):
            if not waiting.answer.done():
                waiting.answer.set_result(answer)
