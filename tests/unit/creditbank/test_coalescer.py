"""Merging: no caller waits for a timer, none gets another's answer, one culprit sinks nobody."""

import asyncio
from collections.abc import Sequence

import pytest

from services.creditbank.ledger.coalescer import Coalescer


class Work:
    """Doubles numbers; refuses any batch with a negative one."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.at_once = self.most_at_once = 0

    async def __call__(self, calls: Sequence[int]) -> Sequence[int]:
        self.batches.append(list(calls))
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(0.001)
        self.at_once -= 1
        if any(call < 0 for call in calls):
            raise ValueError(min(calls))
        return [call * 2 for call in calls]


async def test_what_comes_together_is_worked_on_together() -> None:
    work = Work()
    coalescer = Coalescer(work, limit=1_000, workers=1)
    answers = await asyncio.gather(*(coalescer.call(n, 1) for n in range(100)))
    assert answers == [n * 2 for n in range(100)]
    assert len(work.batches) <= 2
    assert work.most_at_once == 1


async def test_batches_stay_within_the_limit_and_workers_within_their_number() -> None:
    work = Work()
    coalescer = Coalescer(work, limit=10, workers=3)
    await asyncio.gather(*(coalescer.call(n, 4) for n in range(20)), coalescer.call(99, 1_000))
    assert all(len(batch) <= 2 for batch in work.batches)
    assert [99] in work.batches
    assert work.most_at_once == 3


async def test_free_workers_share_who_waits() -> None:
    work = Work()
    coalescer = Coalescer(work, limit=1_000, workers=2)
    await asyncio.gather(*(coalescer.call(n, 1) for n in range(64)))
    assert [len(batch) for batch in work.batches] == [32, 32]
    assert work.most_at_once == 2


@pytest.mark.parametrize("workers", [1, 2])
async def test_callers_who_come_again_at_once_are_not_left_waiting(workers: int) -> None:
    work = Work()
    coalescer = Coalescer(work, limit=1_000, workers=workers)

    async def caller(number: int) -> None:
        for turn in range(20):
            assert await coalescer.call(number + turn, 1) == 2 * (number + turn)

    async with asyncio.timeout(60):  # nobody would ever wake them
        await asyncio.gather(*(caller(number) for number in range(8)))
    assert work.most_at_once == workers
    assert sum(map(len, work.batches)) == 160


async def test_a_culprit_is_found_by_halving() -> None:
    work = Work()
    coalescer = Coalescer(work, limit=1_000, workers=1)
    calls = [n if n not in (5, 17) else -n for n in range(32)]
    answers = await asyncio.gather(*(coalescer.call(n, 1) for n in calls), return_exceptions=True)
    for call, answer in zip(calls, answers, strict=True):
        if call < 0:
            assert isinstance(answer, ValueError)
            assert answer.args == (call,)
        else:
            assert answer == call * 2


async def test_with_the_store_away_nothing_is_tried_again() -> None:
    tries = 0

    async def away(calls: Sequence[int]) -> Sequence[int]:
        nonlocal tries
        tries += 1
        await asyncio.sleep(0.001)
        raise ConnectionRefusedError

    coalescer = Coalescer(away, limit=1_000, workers=1)
    answers = await asyncio.gather(*(coalescer.call(n, 1) for n in range(8)), return_exceptions=True)
    assert all(isinstance(answer, ConnectionRefusedError) for answer in answers)
    assert tries <= 2


async def test_a_caller_who_leaves_takes_nobody_along() -> None:
    work = Work()
    coalescer = Coalescer(work, limit=1_000, workers=1)
    leaving = asyncio.create_task(coalescer.call(1, 1))
    staying = asyncio.create_task(coalescer.call(2, 1))
    await asyncio.sleep(0)
    leaving.cancel()
    assert await staying == 4
    with pytest.raises(asyncio.CancelledError):
        await leaving
    await coalescer.stop()
    assert await coalescer.call(3, 1) == 6
