"""One school for all tests of signing in, and people who have never signed in by page."""

from collections.abc import Awaitable, Callable
from uuid import UUID

import pytest
from fastapi import FastAPI

from tests.integration.auth.places import Place, Somebody, new_place
from tests.integration.auth.signing_in.guests import Guest


@pytest.fixture(scope="module")
async def ground(auth_app: FastAPI) -> Place:
    return await new_place(auth_app)


@pytest.fixture(scope="module")
async def school(ground: Place) -> UUID:
    return await ground.organisation(name="Harbour School")


@pytest.fixture
async def pupil(ground: Place, school: UUID) -> Somebody:
    """Of the one test alone: its failures are counted."""
    return await ground.somebody(school)


@pytest.fixture
def guest(auth_app: FastAPI) -> Callable[..., Guest]:
    """Makes browsers."""

    def make(network: str | None = None) -> Guest:
        return Guest(auth_app, network=network)

    return make


Guests = Callable[..., Guest]
People = Callable[..., Awaitable[Somebody]]
