"""People who decide, a second scheme, and rules in force."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest

from infra.dev.stores import ServiceStore
from libs.common.database import Database
from libs.common.ids import new_id
from services.creditbank.learners.keys import KeyRing
from tests.integration.creditbank.conftest import Bank, item
from tests.integration.creditbank.world import District, person, tell_of_people

ECTS = "test:ects"


@pytest.fixture(scope="session")
async def ects(store: ServiceStore) -> str:
    """A second scheme, written by the owner of the tables."""
    connection = await asyncpg.connect(store.migrations_database)
    await connection.execute(
        "insert into scheme (id, code, title_en, title_zh, decimals) values (900, $1, 'ECTS', '欧洲学分', 2)"
        " on conflict do nothing",
        ECTS,
    )
    await connection.close()
    return ECTS


@dataclass
class Office:
    """Those who decide: at the first school, at the other one, and in the district above both."""

    registrar: UUID = field(default_factory=new_id)
    second: UUID = field(default_factory=new_id)
    assessor: UUID = field(default_factory=new_id)
    elsewhere: UUID = field(default_factory=new_id)
    above: UUID = field(default_factory=new_id)


@pytest.fixture
async def office(database: Database, keys: KeyRing, district: District) -> Office:
    made = Office()
    await tell_of_people(
        database,
        keys,
        person(made.registrar, ("registrar", district.school)),
        person(made.second, ("administrator", district.school)),
        person(made.assessor, ("assessor", district.school)),
        person(made.elsewhere, ("registrar", district.other_school)),
        person(made.above, ("registrar", district.district)),
    )
    return made


class Desk:
    """The routes of this part, as a person calls them."""

    def __init__(self, bank: Bank) -> None:
        self.bank = bank

    async def ask(self, who: UUID, method: str, path: str, body: Any = None, **more: Any) -> httpx.Response:
        headers = {**self.bank.of_person(who, "credits.read credits.write"), **more.pop("headers", {})}
        return await self.bank.client.request(method, path, json=body, headers=headers, **more)

    async def ok(self, who: UUID, method: str, path: str, body: Any = None, **more: Any) -> Any:
        response = await self.ask(who, method, path, body, **more)
        assert response.is_success, response.text
        return response.json()

    async def refused(self, who: UUID, method: str, path: str, body: Any = None) -> tuple[int, str]:
        """Status and the last part of the problem's type."""
        response = await self.ask(who, method, path, body)
        return response.status_code, response.json().get("type", "").rsplit("/", 1)[-1]

    async def waiting(self, who: UUID) -> list[tuple[str, str]]:
        return [(one["kind"], one["id"]) for one in (await self.ok(who, "GET", "/v1/approvals"))["items"]]

    async def lots(self, learner: UUID, *posted: tuple[UUID, UUID, str], **more: Any) -> list[int]:
        """Post credits (institution, course, amount); returns the numbers of the lots."""
        for institution, course, credits in posted:  # noqa: A001
            answer = await self.bank.posted(institution, item(learner, course, credits=credits, **more))
            assert answer["posted"] == 1, answer
        entries = await self.bank.entries(learner, limit=200)
        return sorted(one["sequence"] for one in entries["items"])[-len(posted) :]


@pytest.fixture
def desk(bank: Bank) -> Desk:
    return Desk(bank)


def programme(**document: Any) -> dict[str, Any]:
    """The document of a programme that asks for 3 credits of anything."""
    return {
        "kind": "programme",
        "total": "3.00",
        "requirements": [{"code": "all", "title": {"en": "Everything", "zh": "全部"}}],
        **document,
    }


def conversion(**document: Any) -> dict[str, Any]:
    """The document of a conversion: 2 credits are 3 ECTS, given in halves."""
    return {
        "kind": "conversion",
        "target": ECTS,
        "numerator": 3,
        "denominator": 2,
        "step": "0.50",
        **document,
    }


def rule(institution: UUID, document: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {
        "institution": str(institution),
        "code": f"r-{uuid4().hex[:8]}",
        "title": {"en": "Rules", "zh": "规则"},
        "effective_from": "2026-01-01",
        "document": document,
        **changes,
    }


Publish = Callable[..., Awaitable[str]]


@pytest.fixture
def publish(desk: Desk, office: Office, district: District) -> Publish:
    """Publishes rules of the first school, or of another institution by others; returns the id."""

    async def published(document: dict[str, Any], by: tuple[UUID, UUID] | None = None, **changes: Any) -> str:
        first, second = by or (office.registrar, office.second)
        institution = changes.pop("institution", district.school)
        made = await desk.ok(first, "POST", "/v1/rules", rule(institution, document, **changes))
        await desk.ok(second, "POST", f"/v1/rules/{made['id']}/decision", {"decision": "approve"})
        identifier: str = made["id"]
        return identifier

    return published
