"""The real service on a loopback port, for clients that nobody here has written."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable

import httpx
import pytest
import uvicorn

from infra.dev.stores import ServiceStore
from libs.common.http.protocol import BoundedHttp
from services.auth.app import build
from tests.integration.auth.conftest import settings_of
from tests.integration.auth.independent.provider import Provider
from tests.integration.auth.places import new_place


@pytest.fixture(scope="session")
async def provider(service_database: Callable[[str], ServiceStore]) -> AsyncIterator[Provider]:
    """auth, served by uvicorn as in production."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        issuer = f"http://127.0.0.1:{listening.getsockname()[1]}"
        app = build(settings_of(service_database("auth"), issuer=issuer, public_address=issuer))
        configuration = uvicorn.Config(app, http=BoundedHttp, ws="none", access_log=False, log_config=None)
        server = uvicorn.Server(configuration)
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        while not server.started:
            await asyncio.sleep(0.01)
        await app.state.identity.refresh()
        place = await new_place(app)
        teacher = await place.somebody(await place.organisation(), "teacher")
        async with httpx.AsyncClient() as http:
            metadata = (await http.get(f"{issuer}/.well-known/openid-configuration")).json()
        yield Provider(issuer, place, teacher, metadata)
        server.should_exit = True
        await serving


@pytest.fixture(autouse=True)
def over_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """The libraries refuse http, also to the machine they run on, unless told."""
    monkeypatch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
