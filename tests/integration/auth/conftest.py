"""auth on real stores, over HTTP in process; every test makes its own tree of organisations."""

from collections.abc import AsyncIterator, Awaitable, Callable
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI

from infra.dev.stores import ServiceStore
from services.auth.app import build
from services.auth.settings import AuthSettings
from tests.integration.auth.places import ADDRESS, Place, connection, new_place

TOKEN_SECONDS = 3600


def settings_of(store: ServiceStore, **changes: object) -> AuthSettings:
    values: dict[str, object] = {
        "environment": "development",
        "database": store.database,
        "redis": store.redis,
        "redis_prefix": f"test:{uuid4().hex[:8]}:",
        "issuer": ADDRESS,
        "public_address": ADDRESS,
        "requests_per_minute": 0,
        "log_level": "ERROR",
        # what a session's fixtures hold is good for the whole session, however slow the machine
        "access_token_seconds": TOKEN_SECONDS,
    }
    return AuthSettings.model_validate(values | changes)


@pytest.fixture(scope="session")
async def auth_app(service_database: Callable[[str], ServiceStore]) -> AsyncIterator[FastAPI]:
    """The service of this test session."""
    app = build(settings_of(service_database("auth")))
    async with app.router.lifespan_context(app):
        await app.state.identity.refresh()
        yield app


@pytest.fixture(scope="session")
async def http(auth_app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A client that is not signed in, from a network of its own."""
    async with connection(auth_app) as client:
        yield client


@pytest.fixture
def place(auth_app: FastAPI) -> Callable[[], Awaitable[Place]]:
    """Makes a root organisation of its own with a signed-in administrator."""

    async def make() -> Place:
        return await new_place(auth_app)

    return make


@pytest.fixture
async def here(auth_app: FastAPI) -> Place:
    """One such root."""
    return await new_place(auth_app)
