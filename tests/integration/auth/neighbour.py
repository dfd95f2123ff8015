"""auth on a real socket, and a service beside it that verifies its tokens as ours do."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated
from uuid import uuid4

import httpx
import uvicorn
from fastapi import APIRouter, Depends, FastAPI
from pydantic import BaseModel, SecretStr

from libs.common.http import Service, create_app
from libs.common.http.protocol import BoundedHttp
from libs.common.identity import Caller, require
from libs.common.settings import ServiceSettings
from services.auth.clients import service as clients
from services.auth.clients.rules import Wish
from tests.integration.auth.places import ADDRESS

AUDIENCE = "urn:xuebu:spaces"
SECRET = "a secret of the neighbour's own, long"

router = APIRouter()


class Seen(BaseModel):
    """Who called."""

    subject: str


@router.get("/seen")
async def seen(caller: Annotated[Caller, Depends(require())]) -> Seen:
    """Anybody whom auth vouches for."""
    return Seen(subject=str(caller.subject))


@dataclass
class Neighbour:
    """A service that knows of auth only what its settings say."""

    app: FastAPI
    http: httpx.AsyncClient

    async def status(self, token: str) -> int:
        """How it answers a token."""
        answer = await self.http.get("/seen", headers={"Authorization": f"Bearer {token}"})
        return answer.status_code

    async def becomes(self, token: str, status: int, *, within: float = 10.0) -> float:
        """Waits until it answers a token like this; the seconds it took."""
        started = asyncio.get_running_loop().time()
        while await self.status(token) != status:
            waited = asyncio.get_running_loop().time() - started
            assert waited < within, f"still {await self.status(token)} after {waited:.1f} s"
            await asyncio.sleep(0.01)
        return asyncio.get_running_loop().time() - started


@asynccontextmanager
async def on_a_socket(app: FastAPI) -> AsyncIterator[str]:
    """The address at which a started application answers."""
    server = uvicorn.Server(
        uvicorn.Config(app, host="127.0.0.1", port=0, http=BoundedHttp, lifespan="off", log_config=None)
    )
    serving = asyncio.create_task(server.serve())
    try:
        while not server.started:
            await asyncio.sleep(0.005)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await serving


@asynccontextmanager
async def beside(
    auth: FastAPI, address: str, *, scopes: tuple[str, ...] = ("events.read",)
) -> AsyncIterator[Neighbour]:
    """A service with a client of its own at the auth that answers there."""
    name = uuid4().hex
    wish = Wish(name="A neighbour", kind="machine", scopes=scopes)
    async with auth.state.database.transaction() as session:
        await clients.ensure(session, client_id=name, wish=wish, secret=SECRET, organisation=None)
    settings = ServiceSettings(
        environment="development",
        database=auth.state.settings.database,  # never asked
        redis=auth.state.settings.redis,
        redis_prefix=f"test:{name}:",
        issuer=ADDRESS,
        jwks_address=f"{address}/.well-known/jwks.json",
        token_address=f"{address}/oauth/token",
        revocations_address=f"{address}/v1/revocations",
        issuer_audience="urn:xuebu:auth",
        client_id=name,
        client_secret=SecretStr(SECRET),
        requests_per_minute=0,
        log_level="ERROR",
    )
    app = create_app(
        Service(
            name="neighbour",
            title="A neighbour",
            description="",
            audience=AUDIENCE,
            settings=settings,
            routers=[router],
            background=False,
        )
    )
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://neighbour.example") as http,
    ):
        yield Neighbour(app, http)


async def until(holds: Callable[[], Awaitable[bool] | bool], *, within: float = 10.0) -> None:
    """Waits until something holds."""
    loop = asyncio.get_running_loop()
    end = loop.time() + within
    while True:
        found = holds()
        if found if isinstance(found, bool) else await found:
            return
        assert loop.time() < end
        await asyncio.sleep(0.01)
