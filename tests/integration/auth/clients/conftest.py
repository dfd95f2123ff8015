"""One tree for all tests of clients: a region's administrator, and a school with one of its own."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI

from tests.integration.auth.clients.proofs import Signer
from tests.integration.auth.places import Place, Somebody, connection, new_place


@dataclass
class Grounds:
    """`head` administers the school, `place.admin` everything."""

    place: Place
    school: UUID
    head: Somebody

    @property
    def root(self) -> httpx.AsyncClient:
        return self.place.admin.http

    async def register(self, who: httpx.AsyncClient | None = None, **wish: Any) -> httpx.Response:
        """Ask for a machine of the school, as its head, unless told otherwise."""
        body = {"organisation": str(self.school), "name": "A program", "scopes": ["credits.post"]} | wish
        return await (who or self.head.http).post("/v1/clients", json=body)

    async def client(self, **wish: Any) -> dict[str, Any]:
        answer = await self.register(**wish)
        assert answer.status_code == 201, answer.text
        registered: dict[str, Any] = answer.json()
        return registered

    async def application(self, kind: str = "web", **wish: Any) -> dict[str, Any]:
        """A client in which people sign in."""
        usual = {"kind": kind, "scopes": ["openid"], "redirect_uris": ["https://app.example/back"]}
        return await self.client(**(usual | wish))

    async def signer(self, algorithm: str = "ES256", **wish: Any) -> Signer:
        """A machine that proves itself with a key of its own."""
        signer = Signer.new(algorithm)
        client = await self.client(public_keys={"keys": [signer.public]}, **wish)
        return signer.of(client)


@pytest.fixture
async def http(auth_app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A connection from a network of the test's own, so that refusals of others do not count."""
    async with connection(auth_app) as client:
        yield client


@pytest.fixture(scope="session")
async def grounds(auth_app: FastAPI) -> Grounds:
    place = await new_place(auth_app)
    school = await place.organisation()
    return Grounds(place, school, await place.somebody(school, "administrator"))


@pytest.fixture
async def fresh(auth_app: FastAPI, grounds: Grounds) -> Grounds:
    """A school of the test's own, of which the same head is in charge."""
    school = await grounds.place.organisation()
    await grounds.place.role(grounds.head.id, school, "administrator")
    return Grounds(grounds.place, school, grounds.head)
