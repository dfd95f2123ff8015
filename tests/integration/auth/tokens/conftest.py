"""One school with a few people and applications for all tests of tokens; who loses them makes new ones."""

from collections.abc import AsyncIterator, Awaitable, Callable
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI

from infra.dev.stores import ServiceStore
from services.auth.app import build
from tests.integration.auth.conftest import settings_of
from tests.integration.auth.places import Place, Somebody, connection, new_place
from tests.integration.auth.tokens.grants import Application, application


@pytest.fixture(scope="session")
async def home(auth_app: FastAPI) -> Place:
    return await new_place(auth_app)


@pytest.fixture(scope="session")
async def school(home: Place) -> UUID:
    return await home.organisation()


@pytest.fixture(scope="session")
async def pupil(home: Place, school: UUID) -> Somebody:
    """A signed-in student whose session no test ends."""
    return await home.somebody(school)


@pytest.fixture
def newcomer(home: Place, school: UUID) -> Callable[[], Awaitable[Somebody]]:
    """Makes a student for a test that ends sessions, accounts or passwords."""

    async def make() -> Somebody:
        return await home.somebody(school)

    return make


@pytest.fixture(scope="session")
async def web(auth_app: FastAPI) -> Application:
    """A confidential application."""
    return await application(auth_app, "web")


@pytest.fixture(scope="session")
async def browser(auth_app: FastAPI) -> Application:
    """A public application."""
    return await application(auth_app, "browser", id_token_alg="ES256")


@pytest.fixture(scope="session")
async def platform_service(auth_app: FastAPI) -> Application:
    """A service of the platform, as bootstrap makes it."""
    return await application(auth_app, "machine", scopes=["events.read"], redirect_uris=[])


@pytest.fixture(scope="session")
async def other_worker(
    auth_app: FastAPI, service_database: Callable[[str], ServiceStore]
) -> AsyncIterator[httpx.AsyncClient]:
    """A second instance of the service on the same stores."""
    app = build(settings_of(service_database("auth")), background=False)
    async with app.router.lifespan_context(app):
        await app.state.identity.refresh()
        async with connection(app) as client:
            yield client
