"""Requests that come too large, too slow or in two ways at once, over real connections (attacks 71 to 73)."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from uuid import uuid4

import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from libs.common.http import protocol
from libs.common.http.protocol import LARGEST_HEAD, BoundedHttp
from tests.integration.common.floor_app import AUDIENCE
from tests.issuer import Issuer, bearer

HEALTH = b"GET /health/live HTTP/1.1\r\nHost: floor\r\n"
POST = b"POST /notes HTTP/1.1\r\nHost: floor\r\n"
Connect = Callable[[], Awaitable[tuple[asyncio.StreamReader, asyncio.StreamWriter]]]


@pytest.fixture
async def port(app: FastAPI) -> AsyncIterator[int]:
    config = uvicorn.Config(app, host="127.0.0.1", port=0, http=BoundedHttp, lifespan="off", log_config=None)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    await serving


@pytest.fixture
async def connect(port: int) -> AsyncIterator[Connect]:
    """Opens connections that are closed at the end."""
    opened: list[asyncio.StreamWriter] = []

    async def make() -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        opened.append(writer)
        return reader, writer

    yield make
    for writer in opened:
        writer.close()


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Deadlines for tests."""
    for name, seconds in (("HEAD_SECONDS", 0.3), ("BODY_SECONDS", 0.3), ("LOOK_SECONDS", 0.05)):
        monkeypatch.setattr(protocol, name, seconds)


async def status(reader: asyncio.StreamReader) -> int:
    line = await asyncio.wait_for(reader.readuntil(b"\r\n"), 5)
    return int(line.split(b" ")[1])


async def test_attack_71_headers_without_an_end_end_the_connection(connect: Connect) -> None:
    usual = HEALTH + b"X: " + b"a" * 10_000 + b"\r\n\r\n"
    reader, writer = await connect()
    for _ in range(LARGEST_HEAD // len(usual) + 2):  # one connection, many requests: each is counted anew
        writer.write(usual)
        assert await status(reader) == 200
        await reader.readuntil(b"}")
    writer.write(HEALTH + b"X: " + b"a" * (LARGEST_HEAD + 1))
    assert await status(reader) == 431
    await asyncio.wait_for(reader.read(), 5)


@pytest.mark.parametrize(
    ("body", "refusals"),
    [
        (b"[" * 200_000, {400, 422}),
        (json.dumps({f"field{number}": number for number in range(10_000)}).encode(), {422}),
        (b'{"text": "' + b"a" * 2_000_000 + b'"}', {413}),
        (b"\xff\xfe{", {400, 422}),
    ],
    ids=["deep", "many", "large", "bytes"],
)
async def test_attack_71_bodies_beyond_measure(
    port: int, issuer: Issuer, body: bytes, refusals: set[int]
) -> None:
    headers = issuer_headers(issuer) | {"Content-Type": "application/json"}
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        answer = await client.post("/notes", content=body, headers=headers)
        assert answer.status_code in refusals, answer.text
        assert (await client.get("/health/live")).status_code == 200


@pytest.mark.usefixtures("hasty")
async def test_attack_72_slow_heads_and_bodies_are_dropped_and_others_served(
    port: int, connect: Connect, issuer: Issuer
) -> None:
    head = b"POST /notes HTTP/1.1\r\nHost: floor\r\nContent-Type: application/json\r\n"
    head += (
        f"Authorization: {issuer_headers(issuer)['Authorization']}\r\nContent-Length: 500\r\n\r\n".encode()
    )
    silent = [await connect() for _ in range(60)]
    slow_heads = [await connect() for _ in range(70)]
    slow_bodies = [await connect() for _ in range(70)]

    async def drip(first: bytes, connection: tuple[asyncio.StreamReader, asyncio.StreamWriter]) -> int:
        reader, writer = connection
        writer.write(first)
        told = asyncio.ensure_future(status(reader))
        while not told.done():
            writer.write(b"a")
            await asyncio.sleep(0.1)
        return await told

    dropped = [status(reader) for reader, _ in silent]
    dropped += [drip(HEALTH + b"X: ", one) for one in slow_heads]
    dropped += [drip(head, one) for one in slow_bodies]
    waiting = asyncio.gather(*dropped)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        while not waiting.done():
            assert (await client.get("/health/live")).status_code == 200
    assert set(await waiting) == {408}


@pytest.mark.usefixtures("hasty")
async def test_attack_72_whoever_sends_enough_may_take_long(
    connect: Connect, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "BODY_RATE", 30)
    text = json.dumps({"text": "a" * 100}).encode()
    reader, writer = await connect()
    writer.write(posting(issuer, len(text)))
    for start in range(0, len(text), 20):
        writer.write(text[start : start + 20])
        await asyncio.sleep(0.15)
    assert await status(reader) == 201


@pytest.mark.parametrize(
    "sent",
    [
        POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        POST + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
        b"GET /health/live HTTP/1.1\nHost: floor\n\n",
        b"GET /health/live HTTP/1.1\r\nHost: floor\r\nX : y\r\n\r\n",
        b"GET /health/live HTTP/1.1\r\nHost: floor\r\nX: a\x00b\r\n\r\n",
        b"nonsense\r\n\r\n",
    ],
    ids=["both lengths", "two lengths", "bare LF", "space before colon", "NUL", "nonsense"],
)
async def test_attack_73_requests_with_two_readings_are_refused(connect: Connect, sent: bytes) -> None:
    reader, writer = await connect()
    writer.write(sent)
    assert await status(reader) == 400


def issuer_headers(issuer: Issuer) -> dict[str, Any]:
    return bearer(issuer.person(uuid4(), AUDIENCE, "notes.write"))


def posting(issuer: Issuer, length: int) -> bytes:
    """The head of a request that writes a note of so many bytes."""
    named = issuer_headers(issuer) | {"Content-Type": "application/json", "Content-Length": str(length)}
    return POST + "".join(f"{name}: {value}\r\n" for name, value in named.items()).encode() + b"\r\n"
