"""The floor service on real stores, over HTTP in process."""

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI

from infra.dev.stores import ServiceStore, Stores
from libs.common.migrations import upgrade
from libs.common.settings import ServiceSettings
from tests.integration.common.floor_app import floor_app
from tests.issuer import Issuer

FOLDER = Path(__file__).parent / "floor"


@pytest.fixture(scope="session")
def issuer() -> Issuer:
    return Issuer()


@pytest.fixture(scope="session")
async def store(stores: Stores) -> ServiceStore:
    """The session's database of the floor; tests that count everything make one of their own."""
    return await new_store(stores)


async def new_store(stores: Stores) -> ServiceStore:
    store = stores.new_database(f"floor_{uuid4().hex[:8]}")
    await upgrade(FOLDER, store.migrations_database, service_role=store.service_role)
    return store


@pytest.fixture
def settings(store: ServiceStore, issuer: Issuer) -> ServiceSettings:
    return ServiceSettings(
        environment="development",
        database=store.database,
        redis=store.redis,
        redis_prefix=f"test:{uuid4().hex[:8]}:",
        issuer=issuer.address,
        requests_per_minute=0,
        public_address="http://floor.example",
        log_level="ERROR",
    )


@pytest.fixture
async def app(settings: ServiceSettings, issuer: Issuer) -> AsyncIterator[FastAPI]:
    app = floor_app(settings, issuer)
    async with app.router.lifespan_context(app):
        await app.state.identity.refresh()
        yield app


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app, raise_app_exceptions=False), base_url="http://floor.example"
    ) as client:
        yield client
