"""A school whose record store turns statements into credits, and those who say by which rules."""

import asyncio
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI

from libs.common.database import Database
from libs.common.ids import new_id
from services.creditbank.learners.handlers import people_erased, people_merged, person_changed
from services.creditbank.learners.keys import KeyRing
from services.creditbank.xapi.persons import handlers as persons
from services.creditbank.xapi.reactions import handlers as reactions
from services.creditbank.xapi.reactions.reacting import Reactor
from tests.integration.creditbank.conftest import Bank
from tests.integration.creditbank.rules.conftest import Desk, Office, Publish, desk, ects, office, publish
from tests.integration.creditbank.world import District, as_event, person
from tests.integration.creditbank.xapi.conftest import Tool
from tests.integration.creditbank.xapi.statements import fresh, statement, stored

__all__ = ["desk", "ects", "office", "publish"]

ISSUER = "http://127.0.0.1:8001"
PASSED = "http://adlnet.gov/expapi/verbs/passed"
COMPLETED = "http://adlnet.gov/expapi/verbs/completed"
#: of statements that tell no time, well before which every rule here begins
BEGINS = "2020-01-01"


def account(who: UUID) -> dict[str, Any]:
    """A person's account at auth, as statements name it."""
    return {"objectType": "Agent", "account": {"homePage": ISSUER, "name": str(who)}}


def mailbox(address: str) -> dict[str, Any]:
    return {"mbox": f"mailto:{address}"}


def condition(*activities: str, verbs: tuple[str, ...] = (PASSED,), **more: Any) -> dict[str, Any]:
    return {"verbs": list(verbs), "activities": list(activities), **more}


def passed(actor: dict[str, Any], activity: str, score: float | None = None, **parts: Any) -> dict[str, Any]:
    result = {} if score is None else {"result": {"score": {"scaled": score}}}
    return statement(actor=actor, verb={"id": PASSED}, object={"id": activity}, **result, **parts)


@dataclass
class School:
    """The school's tool, its office, its worker, and what auth tells of its people."""

    tool: Tool
    bank: Bank
    desk: Desk
    office: Office
    publish: Publish
    app: FastAPI
    keys: KeyRing
    district: District
    versions: dict[UUID, int] = field(default_factory=dict)

    @property
    def database(self) -> Database:
        found: Database = self.app.state.database
        return found

    @property
    def id(self) -> UUID:
        return self.district.school

    def document(self, *conditions: dict[str, Any], **more: Any) -> dict[str, Any]:
        return {
            "kind": "reaction",
            "conditions": list(conditions),
            "course": str(self.district.course),
            "credits": "2.00",
            **more,
        }

    async def rule(self, *conditions: dict[str, Any], code: str | None = None, **more: Any) -> str:
        """A rule that two people of the school published; its id."""
        begins = more.pop("effective_from", BEGINS)
        until = more.pop("effective_until", None)
        return await self.publish(
            self.document(*conditions, **more),
            code=code or f"r-{uuid4().hex[:8]}",
            effective_from=begins,
            effective_until=until,
        )

    async def store(self, *statements: dict[str, Any], tool: Tool | None = None) -> list[str]:
        return await stored(tool or self.tool, *statements)

    async def work(self, reactor: Reactor | None = None) -> None:
        """Let the worker do all there is to do, as soon as what was stored last is below the horizon."""
        reactor = reactor or self.app.state.reactor
        query = "select max(position) from xapi_statement where organisation = $1"
        newest = await self.database.pool.fetchval(query, self.id) or 0
        while await reactor.end() <= newest:
            await asyncio.sleep(0.001)
        while await reactor.work(self.id):
            pass

    async def credits(self, who: UUID) -> list[tuple[str, str | None, str]]:
        """What the learner's entries give: amount, grade, day."""
        page = await self.bank.entries(who, limit=200)
        return [(one["credits"], one["grade"], one["earned_on"]) for one in page["items"]]

    async def claims(self, **query: Any) -> list[dict[str, Any]]:
        path = f"/v1/institutions/{self.id}/claims"
        found: list[dict[str, Any]] = (await self.desk.ok(self.office.second, "GET", path, params=query))[
            "items"
        ]
        return found

    async def states(self, **query: Any) -> list[tuple[str, str | None]]:
        return [(one["state"], one["reason"]) for one in await self.claims(**query)]

    async def reaction(self, rule: str) -> dict[str, Any]:
        path = f"/v1/xapi-reactions?institution={self.id}"
        items = (await self.desk.ok(self.office.second, "GET", path))["items"]
        found: dict[str, Any] = next(one for one in items if one["rule"] == rule)
        return found

    async def tell(self, who: UUID, *roles: tuple[str, UUID], **changes: Any) -> None:
        """What auth tells of a person, as the inbox hands it over; a student of the school by default."""
        version = self.versions[who] = self.versions.get(who, 1) + 1
        document = person(who, *(roles or (("student", self.id),)), version=version, **changes)
        await self._handle(
            document, person_changed(self.keys), persons.people_changed, reactions.people_changed
        )

    async def merge(self, other: UUID, into: UUID) -> None:
        document = {"id": other, "into": into, "version": 99}
        await self._handle(document, people_merged, reactions.people_merged)

    async def erase(self, who: UUID) -> None:
        document = {"id": who, "version": 99}
        await self._handle(document, reactions.people_erased, persons.people_erased, people_erased)

    async def _handle(self, document: dict[str, Any], *handlers: Any) -> None:
        connection = await self.database.connect()
        async with connection.transaction():
            for handler in handlers:
                await handler(connection, [as_event(document)])
        await connection.close()


@pytest.fixture
async def school(
    tool: Tool,
    bank: Bank,
    desk: Desk,
    office: Office,
    publish: Publish,
    app: FastAPI,
    keys: KeyRing,
    district: District,
) -> School:
    return School(tool, bank, desk, office, publish, app, keys, district)


@pytest.fixture
def learner(school: School) -> UUID:
    return school.district.students[0]


@pytest.fixture
def quiz() -> str:
    return fresh("activity")


@pytest.fixture
def stranger() -> UUID:
    """Somebody the bank has not heard of."""
    return new_id()


async def refusal(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json().get("type", "").rsplit("/", 1)[-1]
