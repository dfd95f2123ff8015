"""The spaces service on real stores, over HTTP in process; neighbours' events are told by `World`."""

from collections.abc import AsyncIterator, Callable
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI

from infra.dev.stores import ServiceStore
from services.spaces.app import build
from services.spaces.settings import SpacesSettings
from tests.integration.spaces.world import World
from tests.issuer import Issuer


@pytest.fixture(scope="session")
def issuer() -> Issuer:
    return Issuer()


def settings_of(store: ServiceStore, issuer: Issuer) -> SpacesSettings:
    return SpacesSettings(
        environment="development",
        database=store.database,
        redis=store.redis,
        redis_prefix=f"test:{uuid4().hex[:8]}:",
        issuer=issuer.address,
        auth_address="http://127.0.0.1:9",
        creditbank_address="http://127.0.0.1:9",
        requests_per_minute=0,
        public_address="http://spaces.example",
        log_level="ERROR",
    )


@pytest.fixture(scope="session")
async def app(service_database: Callable[[str], ServiceStore], issuer: Issuer) -> AsyncIterator[FastAPI]:
    """One application for the session: each test makes its own people, so none sees another's."""
    settings = settings_of(service_database("spaces"), issuer)
    app = build(settings, keys=lambda _app: issuer.source(), background=False)
    async with app.router.lifespan_context(app):
        await app.state.identity.refresh()
        yield app


@pytest.fixture(scope="session")
async def http(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://spaces.example") as client:
        yield client


@pytest.fixture
async def world(app: FastAPI, http: httpx.AsyncClient, issuer: Issuer) -> World:
    """A country, a district and two schools of the test's own."""
    world = World(app, http, issuer)
    await world.found()
    return world
