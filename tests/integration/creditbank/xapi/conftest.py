"""The learning record store of a fresh school, as a tool with a basic credential of the school uses it."""

import base64
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
import pytest

from libs.common.database import Database
from libs.common.ids import new_id
from services.creditbank.learners.keys import KeyRing
from tests.integration.creditbank.conftest import Bank
from tests.integration.creditbank.world import District, make_district, person, tell_of_people

ADMINISTERS = "credits.read credits.write"
VERSIONS = ("1.0.3", "2.0.0")
CREDENTIALS = "/v1/xapi-credentials"


def basic(username: str, password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()}


@dataclass
class Tool:
    """A tool with a credential, speaking one version."""

    client: httpx.AsyncClient
    credential: dict[str, Any]
    version: str = "1.0.3"

    @property
    def authorization(self) -> dict[str, str]:
        return basic(self.credential["username"], self.credential["password"])

    def speaking(self, version: str) -> "Tool":
        return Tool(self.client, self.credential, version)

    async def call(self, method: str, path: str, **arguments: Any) -> httpx.Response:
        headers = {"X-Experience-API-Version": self.version, **self.authorization}
        headers |= arguments.pop("headers", {})
        return await self.client.request(method, f"/xapi{path}", headers=headers, **arguments)

    async def get(self, path: str, **arguments: Any) -> httpx.Response:
        return await self.call("GET", path, **arguments)

    async def put(self, path: str, **arguments: Any) -> httpx.Response:
        return await self.call("PUT", path, **arguments)

    async def post(self, path: str, **arguments: Any) -> httpx.Response:
        return await self.call("POST", path, **arguments)

    async def delete(self, path: str, **arguments: Any) -> httpx.Response:
        return await self.call("DELETE", path, **arguments)


@pytest.fixture
async def administrator(database: Database, keys: KeyRing, district: District) -> UUID:
    """An administrator of the school."""
    who = new_id()
    await tell_of_people(database, keys, person(who, ("administrator", district.school)))
    return who


@pytest.fixture
async def above(database: Database, keys: KeyRing, district: District) -> UUID:
    """An administrator of the district, to which both schools belong."""
    who = new_id()
    await tell_of_people(database, keys, person(who, ("administrator", district.district)))
    return who


Issue = Callable[..., Awaitable[Tool]]


@pytest.fixture
def issue(bank: Bank, client: httpx.AsyncClient, district: District, administrator: UUID) -> Issue:
    """Issues a credential of the school (or of another place, by another administrator) with these scopes."""

    async def made(*scopes: str, place: UUID | None = None, by: UUID | None = None, **more: Any) -> Tool:
        body = {
            "organisation": str(place or district.school),
            "name": "Course player",
            "scopes": list(scopes),
            **more,
        }
        answer = await client.post(
            CREDENTIALS, json=body, headers=bank.of_person(by or administrator, ADMINISTERS)
        )
        assert answer.status_code == 201, answer.text
        return Tool(client, answer.json())

    return made


@pytest.fixture
async def tool(issue: Issue) -> Tool:
    """A tool that may do everything in the school's record store, at version 1.0.3."""
    return await issue("all")


@pytest.fixture(params=VERSIONS)
async def either(tool: Tool, request: pytest.FixtureRequest) -> Tool:
    """The same at each version."""
    return tool.speaking(request.param)


@pytest.fixture
async def elsewhere(database: Database, keys: KeyRing, issue: Issue) -> Tool:
    """A tool of another district's school."""
    other = await make_district(database, keys)
    who = new_id()
    await tell_of_people(database, keys, person(who, ("administrator", other.school)))
    return await issue("all", place=other.school, by=who)
