"""Questions that share a statement: each gets its own answer, of a statement begun after it was asked."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from libs.common.redis_scripts import Scripts
from libs.common.redis_store import connect
from services.auth.clients.finding import ClientFinder
from services.auth.clients.refusals import Refusals

# Nobody is refused here; connections are made when first needed.
REFUSALS = Refusals(Scripts(connect("unix:///nowhere/redis.sock")), None, prefix="")


class Pool:
    """A store whose statements end when told; knows every client but `nobody`."""

    def __init__(self) -> None:
        self.statements: list[list[str]] = []
        self.answer = asyncio.Event()
        self.failure: Exception | None = None

    async def fetch(self, _sql: str, names: Sequence[str]) -> list[dict[str, Any]]:
        self.statements.append(list(names))
        number = len(self.statements)
        await self.answer.wait()
        if self.failure is not None:
            raise self.failure
        return [{"client_id": name, "statement": number} for name in names if name != "nobody"]


async def asked(finder: ClientFinder, *names: str) -> "list[asyncio.Task[Any]]":
    """Questions under way."""
    tasks = [asyncio.create_task(finder.find_active(name)) for name in names]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    return tasks


async def test_who_asks_meanwhile_shares_the_next_statement() -> None:
    pool = Pool()
    finder = ClientFinder(pool, REFUSALS)
    first = await asked(finder, "a")
    later = await asked(finder, "a", "b", "nobody", "b")
    pool.answer.set()
    answers = await asyncio.gather(*first, *later)
    assert pool.statements == [["a"], ["a", "b", "nobody"]]
    # The later question about `a` is not answered by the statement that had begun before it.
    assert [one and (one["client_id"], one["statement"]) for one in answers] == [
        ("a", 1),
        ("a", 2),
        ("b", 2),
        None,
        ("b", 2),
    ]
    assert (await finder.find_active("a"))["statement"] == 3


async def test_a_failure_reaches_those_who_asked_and_nobody_after() -> None:
    pool = Pool()
    finder = ClientFinder(pool, REFUSALS)
    tasks = await asked(finder, "a")
    pool.failure = ConnectionResetError()
    pool.answer.set()
    with pytest.raises(ConnectionResetError):
        await tasks[0]
    pool.failure = None
    assert (await finder.find_active("a"))["client_id"] == "a"


async def test_who_goes_away_takes_no_answer_from_others() -> None:
    pool = Pool()
    finder = ClientFinder(pool, REFUSALS)
    gone, stays = await asked(finder, "a", "a")
    gone.cancel()
    pool.answer.set()
    assert (await stays)["client_id"] == "a"
    with pytest.raises(asyncio.CancelledError):
        await gone


async def test_the_end_leaves_nobody_waiting() -> None:
    finder = ClientFinder(Pool(), REFUSALS)
    first = await asked(finder, "a")
    later = await asked(finder, "b")
    await finder.stop()
    for task in (*first, *later):
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(task, 1)
