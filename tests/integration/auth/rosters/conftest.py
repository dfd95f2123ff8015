"""Two services: one whose workers sleep, so that tests do the work themselves, and a whole one."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from fastapi import FastAPI

from infra.dev.stores import ServiceStore, Stores
from services.auth.app import build
from tests.integration.auth.conftest import settings_of
from tests.integration.auth.places import Place, new_place


@asynccontextmanager
async def _running(store: ServiceStore, *, background: bool) -> AsyncIterator[FastAPI]:
    app = build(settings_of(store), background=background)
    async with app.router.lifespan_context(app):
        await app.state.identity.refresh()
        yield app


@pytest.fixture(scope="session")
async def roster_database(
    stores: Stores, service_database: Callable[[str], ServiceStore]
) -> AsyncIterator[ServiceStore]:
    """A database of these tests alone: other services' workers would take up their imports."""
    service_database("auth")
    store = stores.copy_database("auth")
    yield store
    stores.drop_database(store)


@pytest.fixture(scope="session")
async def auth_app(roster_database: ServiceStore) -> AsyncIterator[FastAPI]:
    """The service without its workers and its relay."""
    async with _running(roster_database, background=False) as app:
        yield app


@pytest.fixture(scope="session")
async def working_app(
    stores: Stores, service_database: Callable[[str], ServiceStore]
) -> AsyncIterator[FastAPI]:
    """The service with workers, on a database of its own for the same reason."""
    service_database("auth")
    store = stores.copy_database("auth")
    async with _running(store, background=True) as app:
        yield app
    stores.drop_database(store)


@pytest.fixture
async def works(working_app: FastAPI) -> Place:
    """A root in the service with workers."""
    return await new_place(working_app)
