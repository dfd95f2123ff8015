"""One school, two of its people and some applications for all tests of the authorization endpoint."""

from collections.abc import Callable
from uuid import UUID

import pytest
from fastapi import FastAPI

from tests.integration.auth.authorization.browsing import Browser
from tests.integration.auth.places import Place, Somebody, new_place
from tests.integration.auth.tokens.grants import Application, application


@pytest.fixture(scope="session")
async def grounds(auth_app: FastAPI) -> Place:
    return await new_place(auth_app)


@pytest.fixture(scope="session")
async def campus(grounds: Place) -> UUID:
    return await grounds.organisation(name="Campus <b>of</b> Learning")


@pytest.fixture(scope="session")
async def learner(grounds: Place, campus: UUID) -> Somebody:
    """A student with an account, old enough to decide alone."""
    return await grounds.somebody(campus, birth_date="2001-05-04")


@pytest.fixture(scope="session")
async def other(grounds: Place, campus: UUID) -> Somebody:
    """Another one."""
    return await grounds.somebody(campus, birth_date="2002-06-05")


@pytest.fixture(scope="session")
async def trusted(auth_app: FastAPI) -> Application:
    """An application of the platform, which need not ask for consent."""
    return await application(auth_app, "web")


@pytest.fixture(scope="session")
async def native(auth_app: FastAPI) -> Application:
    """An application on a device."""
    addresses = ["http://127.0.0.1/callback", "org.example.app:/callback"]
    return await application(auth_app, "native", redirect_uris=addresses)


@pytest.fixture
def asking(auth_app: FastAPI, campus: UUID) -> Callable[..., object]:
    """Makes an application of the school that has to ask for consent."""

    async def make(**columns: object) -> Application:
        given = {"needs_consent": True, "organisation_id": campus, "name": "App <i>of</i> Class"} | columns
        return await application(auth_app, "web", **given)

    return make


@pytest.fixture
def stranger(auth_app: FastAPI) -> Browser:
    """A browser in which nobody is signed in."""
    return Browser(auth_app)


@pytest.fixture
async def browser(auth_app: FastAPI, learner: Somebody) -> Browser:
    """A browser in which the learner signed in five minutes ago."""
    made = Browser(auth_app)
    await made.sign_in(learner.id)
    return made
