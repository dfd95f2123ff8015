"""creditbank on real stores, over HTTP in process. A trigger watches every posting made in these tests."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest
from fastapi import FastAPI

from infra.dev.stores import ServiceStore
from libs.common.database import Database
from libs.common.ids import new_id
from services.creditbank.app import build
from services.creditbank.learners.keys import KeyRing
from services.creditbank.settings import AUDIENCE, CreditbankSettings
from tests.integration.creditbank.world import District, make_district, person, tell_of_people
from tests.issuer import Issuer, bearer

if TYPE_CHECKING:
    from tests.integration.creditbank.sending import Files

WATCH = """
create constraint trigger sums_to_zero after insert on posting_line deferrable initially deferred
for each row execute function posting_sums_to_zero()
"""


@pytest.fixture(scope="session")
async def store(service_database: Callable[[str], ServiceStore]) -> ServiceStore:
    """The session's database, watched by the trigger that the migration leaves for tests."""
    store = service_database("creditbank")
    connection = await asyncpg.connect(store.migrations_database)
    await connection.execute(WATCH)
    await connection.close()
    return store


def settings_for(store: ServiceStore, issuer: Issuer, **changes: Any) -> CreditbankSettings:
    return CreditbankSettings(
        environment="development",
        database=store.database,
        redis=store.redis,
        redis_prefix=f"test:{uuid4().hex[:8]}:",
        issuer=issuer.address,
        requests_per_minute=0,
        public_address="http://creditbank.example",
        log_level="ERROR",
        **changes,
    )


@pytest.fixture(scope="session")
def issuer() -> Issuer:
    return Issuer()


@pytest.fixture(scope="session")
def settings(store: ServiceStore, issuer: Issuer) -> CreditbankSettings:
    return settings_for(store, issuer)


@pytest.fixture(scope="session")
def keys(settings: CreditbankSettings) -> KeyRing:
    return KeyRing(settings.key_encryption_key.get_secret_value())


@pytest.fixture(scope="session")
async def app(settings: CreditbankSettings, issuer: Issuer) -> AsyncIterator[FastAPI]:
    app = build(settings, keys=lambda _app: issuer.source(), background=False)
    async with app.router.lifespan_context(app):
        await app.state.identity.refresh()
        yield app


@pytest.fixture(scope="session")
def database(app: FastAPI) -> Database:
    found: Database = app.state.database
    return found


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app, raise_app_exceptions=False), base_url="http://creditbank.example"
    ) as client:
        yield client


@pytest.fixture
async def district(database: Database, keys: KeyRing) -> District:
    return await make_district(database, keys)


Post = Callable[..., Awaitable[Any]]


class Bank:
    """The HTTP interface as its callers use it."""

    def __init__(self, client: httpx.AsyncClient, issuer: Issuer) -> None:
        self.client = client
        self.issuer = issuer

    def of_client(self, organisation: UUID, scope: str = "credits.post") -> dict[str, str]:
        return bearer(self.issuer.client(organisation, AUDIENCE, scope))

    def of_person(self, person: UUID, scope: str = "credits.read") -> dict[str, str]:
        return bearer(self.issuer.person(person, AUDIENCE, scope))

    async def post(self, organisation: UUID, *items: dict[str, Any], **body: Any) -> httpx.Response:
        return await self.client.post(
            "/v1/deposits",
            content=httpx.Request("POST", "http://x", json=_plain({"items": items, **body})).content,
            headers={**self.of_client(organisation), "Content-Type": "application/json"},
        )

    async def posted(self, organisation: UUID, *items: dict[str, Any], **body: Any) -> dict[str, Any]:
        response = await self.post(organisation, *items, **body)
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        return answer

    async def account(self, person: UUID) -> dict[str, Any]:
        response = await self.client.get("/v1/accounts/me", headers=self.of_person(person))
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        return answer

    async def entries(self, person: UUID, **query: Any) -> dict[str, Any]:
        response = await self.client.get(
            "/v1/accounts/me/entries", params=query, headers=self.of_person(person)
        )
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        return answer


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    return str(value) if isinstance(value, UUID) else value


@pytest.fixture
def bank(client: httpx.AsyncClient, issuer: Issuer) -> Bank:
    return Bank(client, issuer)


def item(learner: UUID | str, course: UUID | str, **changes: Any) -> dict[str, Any]:
    """One item; learner and course by id, or by sourced id when text."""
    return {
        "key": f"k-{uuid4().hex}",
        "learner": _reference(learner),
        "course": _reference(course),
        "credits": "1.00",
        "earned_on": "2026-06-30",
        **changes,
    }


def _reference(value: UUID | str) -> dict[str, Any]:
    return {"sourced_id": value} if isinstance(value, str) else {"id": str(value)}


@pytest.fixture
async def teacher(database: Database, keys: KeyRing, district: District) -> UUID:
    """A person of the district's first school who is no student."""
    identifier = new_id()
    await tell_of_people(database, keys, person(identifier, ("teacher", district.school)))
    return identifier


@pytest.fixture
def files(bank: Bank, app: FastAPI, district: District) -> "Files":
    """Files as the district's first school sends them."""
    from tests.integration.creditbank.sending import Files

    return Files(bank, app, district.school)
