"""A publisher and a reader of its events, on stores of their own."""

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from fastapi import FastAPI

from infra.dev.stores import ServiceStore, Stores
from libs.common.database import Database
from libs.common.migrations import upgrade
from libs.common.relay import Relay
from libs.common.settings import ServiceSettings
from libs.common.tasks import end
from tests.integration.common.conftest import FOLDER, new_store
from tests.integration.common.events.floor_events import Reader, feed_of, make_relay
from tests.integration.common.floor_app import floor_app
from tests.issuer import Issuer


@pytest.fixture
async def store(stores: Stores) -> ServiceStore:
    """Here everything in the database is counted: each test has its own."""
    return await new_store(stores)


@pytest.fixture
async def publisher(settings: ServiceSettings, issuer: Issuer) -> AsyncIterator[FastAPI]:
    """The floor without a relay: each test runs its own."""
    app = floor_app(settings, issuer, background=False)
    async with app.router.lifespan_context(app):
        await app.state.identity.refresh()
        yield app


@pytest.fixture
async def relay(publisher: FastAPI, settings: ServiceSettings) -> Relay:
    return make_relay(publisher, settings)


@pytest.fixture
async def reader(
    stores: Stores, publisher: FastAPI, settings: ServiceSettings, issuer: Issuer
) -> AsyncIterator[Reader]:
    store: ServiceStore = stores.new_database(f"reader_{uuid4().hex[:8]}")
    await upgrade(FOLDER, store.migrations_database, service_role=store.service_role)
    database = await Database(store.database).start()
    yield Reader(database, publisher.state.redis, settings.redis_prefix, feed_of(publisher, issuer))
    await database.stop()


@pytest.fixture
async def running() -> AsyncIterator[list["asyncio.Task[None]"]]:
    tasks: list[asyncio.Task[None]] = []
    yield tasks
    await end(*tasks)
