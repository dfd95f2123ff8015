"""A target that never answers, or for ever, delays neither other targets nor the end of the service."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI

from libs.common import tasks
from services.creditbank.tables import Pool
from services.creditbank.xapi.subscriptions import repository, sending
from services.creditbank.xapi.subscriptions.sending import Sender, TargetFailed
from tests.integration.creditbank.conftest import Bank
from tests.integration.creditbank.world import District
from tests.integration.creditbank.xapi.conftest import ADMINISTERS, Tool
from tests.integration.creditbank.xapi.receiving import Target, receiving
from tests.integration.creditbank.xapi.statements import statement, stored
from tests.integration.creditbank.xapi.test_subscriptions import Desk

ALL = "2020-01-01T00:00:00Z"


@pytest.fixture
def target() -> Iterator[Target]:
    with receiving() as found:
        yield found


@pytest.fixture
def desk(
    client: httpx.AsyncClient,
    bank: Bank,
    administrator: UUID,
    district: District,
    app: FastAPI,
    target: Target,
) -> Desk:
    return Desk(client, bank.of_person(administrator, ADMINISTERS), district.school, app, target)


class Slow:
    """Somebody else's server that takes what it is sent, and says `answer` again and again."""

    def __init__(self, answer: bytes) -> None:
        self.answer, self.address = answer, ""
        self.called, self.left = asyncio.Event(), asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.called.set()
        try:
            if not self.answer:
                while await reader.read(65536):
                    pass
            while not writer.is_closing() and self.answer:
                writer.write(self.answer)
                await writer.drain()
                await asyncio.sleep(0.01)
        except OSError:
            pass
        finally:
            self.left.set()
            writer.close()


@asynccontextmanager
async def slow(answer: bytes = b"") -> AsyncIterator[Slow]:
    found = Slow(answer)
    server = await asyncio.start_server(found.serve, "127.0.0.1", 0)
    found.address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield found
    finally:
        server.close()


def only(*subscriptions: str) -> Callable[[Pool, int], Awaitable[list[UUID]]]:
    """What is due of these; the database has others of other tests."""
    real, wanted = repository.due, {UUID(one) for one in subscriptions}

    async def due(pool: Pool, _limit: int) -> list[UUID]:
        return [one for one in await real(pool, 1_000_000) if UUID(str(one)) in wanted]

    return due


async def test_one_that_never_answers_delays_neither_the_others_nor_the_stop(
    desk: Desk, tool: Tool, target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "_TOTAL_S", 3600.0)
    first, second = statement(), statement()
    async with slow() as hanging:
        hangs = await desk.subscribe(name="hangs", address=hanging.address, since=ALL)
        good = await desk.subscribe(name="good", since=ALL)
        monkeypatch.setattr(repository, "due", only(hangs["id"], good["id"]))
        await stored(tool, first)
        running = asyncio.create_task(desk.app.state.deliverer.run())
        try:
            await hanging.called.wait()
            while first["id"] not in desk.sent():
                await asyncio.sleep(0.01)
            await stored(tool, second)
            while second["id"] not in desk.sent():
                await asyncio.sleep(0.01)
            assert desk.sent() == [first["id"], second["id"]]
            assert not hanging.left.is_set()
            assert (await desk.shown(hangs["id"]))["delivered"] == 0
        finally:
            await tasks.end(running)
        await hanging.left.wait()


@pytest.mark.parametrize(
    "answer",
    [b"H", b"HTTP/1.1 102 Processing\r\n\r\n", b"HTTP/1.1 200", b""],
    ids=["letters", "102", "line", "nothing"],
)
async def test_time_is_over_however_much_comes(answer: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "_TOTAL_S", 0.3)
    async with slow(answer) as target:
        with pytest.raises(TargetFailed):
            await Sender(development=True, private=False).send(f"{target.address}/x", {}, b"{}")
        await target.left.wait()


async def test_an_answer_counts_once_its_status_is_there() -> None:
    async with slow(
        b"HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\nHTTP/1.1 202 Accepted\r\nX: y\r\n"
    ) as target:
        assert await Sender(development=True, private=False).send(target.address, {}, b"{}") == 202


@pytest.mark.parametrize("answer", [b"\x00\xff\r\n", b"SSH-2.0-x\r\n", b"HTTP/1.1 999 x\r\n", b"x" * 70_000])
async def test_what_is_no_http_is_no_answer(answer: bytes) -> None:
    async with slow(answer) as target:
        with pytest.raises(TargetFailed):
            await Sender(development=True, private=False).send(target.address, {}, b"{}")
