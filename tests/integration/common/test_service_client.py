"""Calls to a neighbour over a real socket: whole answers, own token, the key set, refusals."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from libs.common.service_client import CallFailed, ServiceClient, keys_of
from tests.issuer import Issuer

LONG = json.dumps({"items": ["x" * 1_000] * 3_000}).encode()


class Neighbour:
    """A service that gives out a token, a long answer in many pieces, and a key set."""

    def __init__(self) -> None:
        self.tokens = 0
        self.refuse = 0
        self.form: dict[str, str] = {}
        self.authorization = ""
        self.address = ""
        self.lines = 0
        self.asked = asyncio.Event()

    async def line(self, request: web.Request) -> web.Response:
        """Promises to keep the connection, and ends it all the same."""
        self.lines += 1
        transport = request.transport
        assert transport is not None
        asyncio.get_running_loop().call_later(0.01, transport.close)
        return web.Response(text="one connection, one answer")

    async def broken(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "1000"})
        await response.prepare(request)
        await response.write(b"half")
        assert request.transport is not None
        request.transport.close()
        return response

    async def never(self, _request: web.Request) -> web.Response:
        self.asked.set()
        await asyncio.sleep(60)
        return web.Response()

    async def token(self, request: web.Request) -> web.Response:
        self.tokens += 1
        self.form = {name: str(value) for name, value in (await request.post()).items()}
        self.authorization = request.headers["Authorization"]
        return web.json_response({"access_token": f"token-{self.tokens}", "expires_in": 600})

    async def events(self, request: web.Request) -> web.StreamResponse:
        if self.refuse or request.headers["Authorization"] != f"Bearer token-{self.tokens}":
            self.refuse -= 1
            return web.Response(status=401)
        response = web.StreamResponse()
        await response.prepare(request)
        for start in range(0, len(LONG), 50_000):
            await response.write(LONG[start : start + 50_000])
            await asyncio.sleep(0)
        return response

    async def keys(self, request: web.Request) -> web.Response:
        if request.query_string:
            return web.Response(status=503)
        return web.json_response(Issuer().key_set())


@pytest.fixture
async def neighbour() -> AsyncIterator[Neighbour]:
    """The neighbour, on a free port."""
    it = Neighbour()
    app = web.Application()
    app.add_routes([web.post("/token", it.token), web.get("/events", it.events), web.get("/keys", it.keys)])
    app.add_routes([web.get("/lines", it.line), web.get("/broken", it.broken), web.get("/never", it.never)])
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    it.address = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield it
    await runner.cleanup()


@pytest.fixture
async def client(neighbour: Neighbour) -> AsyncIterator[ServiceClient]:
    """A client of its own with the right to ask for tokens."""
    made = ServiceClient(token_endpoint=f"{neighbour.address}/token", client_id="us", client_secret="a+b:c")
    yield made
    await made.close()


async def test_a_long_answer_comes_whole_with_one_token_for_all_calls(
    neighbour: Neighbour, client: ServiceClient
) -> None:
    for _ in range(2):
        body = await client.get(f"{neighbour.address}/events", audience="urn:them", scope="events.read")
        assert body == LONG
    assert neighbour.tokens == 1
    assert neighbour.form == {
        "grant_type": "client_credentials",
        "scope": "events.read",
        "resource": "urn:them",
    }
    basic = neighbour.authorization.removeprefix("Basic ")
    assert base64.b64decode(basic) == b"us:a%2Bb%3Ac"  # RFC 6749, section 2.3.1


async def test_a_kept_connection_that_was_ended_is_replaced(
    neighbour: Neighbour, client: ServiceClient
) -> None:
    for _ in range(3):
        assert await client.get(f"{neighbour.address}/lines") == b"one connection, one answer"
        await asyncio.sleep(0.03)
    assert neighbour.lines == 3


async def test_an_answer_that_breaks_off_is_none(neighbour: Neighbour, client: ServiceClient) -> None:
    with pytest.raises(CallFailed):
        await client.get(f"{neighbour.address}/broken")
    with pytest.raises(CallFailed):
        await client.get("ftp://127.0.0.1/")


async def test_closing_ends_a_call_that_waits(neighbour: Neighbour) -> None:
    client = ServiceClient(token_endpoint="", client_id=None, client_secret=None)
    waiting = asyncio.create_task(client.get(f"{neighbour.address}/never"))
    await asyncio.wait_for(neighbour.asked.wait(), 5)
    await client.close()
    with pytest.raises(CallFailed):
        await asyncio.wait_for(waiting, 1)
    with pytest.raises(CallFailed):
        await client.get(f"{neighbour.address}/keys")


async def test_a_refused_token_is_replaced(neighbour: Neighbour, client: ServiceClient) -> None:
    neighbour.refuse = 1
    with pytest.raises(CallFailed, match="401"):
        await client.get(f"{neighbour.address}/events", audience="urn:them", scope="events.read")
    assert await client.get(f"{neighbour.address}/events", audience="urn:them", scope="events.read") == LONG
    assert neighbour.tokens == 2


async def test_keys_are_read_and_anything_else_is_no_key_set(neighbour: Neighbour) -> None:
    assert len(await keys_of(f"{neighbour.address}/keys")()) == 1
    for address in (
        f"{neighbour.address}/keys?down",
        f"{neighbour.address}/nothing",
        "http://127.0.0.1:1/keys",
    ):
        with pytest.raises(CallFailed):
            await keys_of(address)()
