"""Joining and leaving schools, told to students' records once, whatever happens meanwhile."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from infra.dev.stores import ServiceStore
from libs.common.database import Database
from libs.common.ids import new_id
from services.creditbank.learners.handlers import people_erased, people_merged
from services.creditbank.learners.keys import KeyRing
from services.creditbank.settings import CreditbankSettings
from services.creditbank.xapi import composition
from services.creditbank.xapi.learning.enrolments import Enrolments
from services.creditbank.xapi.learning.profile import profile
from tests.integration.creditbank.world import (
    as_event,
    organisation,
    person,
    tell_of_organisations,
    tell_of_people,
)
from tests.unit.creditbank.xapi.fitting import broken, determined

Told = tuple[str, str]


@dataclass
class School:
    """A school of a bank of its own, and the task that tells."""

    database: Database
    keys: KeyRing
    tells: Enrolments
    id: UUID

    async def hear(self, who: UUID, *roles: str, version: int = 1, since: str | None = None) -> None:
        """What auth tells of a person."""
        document = person(who, version=version)
        document["roles"] = [
            {"role": role, "organisation": self.id, "primary": True, "from": since, "to": None}
            for role in roles
        ]
        await tell_of_people(self.database, self.keys, document)

    async def statements(self) -> list[dict[str, Any]]:
        rows = await self.database.pool.fetch(
            "select body from xapi_statement where organisation = $1 order by position", self.id
        )
        return [json.loads(row["body"]) for row in rows]

    async def told(self) -> list[Told]:
        """(person, verb), in the order they were told."""
        while await self.tells.tell_some():
            pass
        return [
            (one["actor"]["account"]["name"], one["verb"]["id"].rpartition("/")[2])
            for one in await self.statements()
        ]


@pytest.fixture
async def school(
    fresh_database: Callable[[str], ServiceStore], settings: CreditbankSettings, keys: KeyRing
) -> AsyncIterator[School]:
    database = await Database(fresh_database("creditbank").database).start()
    place = new_id()
    await tell_of_organisations(database, organisation(place, []))
    yield School(database, keys, Enrolments(database, composition.learning_writer(settings)), place)
    await database.stop()


async def test_a_student_joins_once_and_leaves_once(school: School) -> None:
    student = new_id()
    await school.hear(student, "student", since="2025-09-01")
    assert await school.told() == [(str(student), "join")]
    await school.hear(student, "student", "staff", version=2, since="2025-09-01")
    assert await school.told() == [(str(student), "join")]
    await school.hear(student, "staff", version=3)
    assert await school.told() == [(str(student), "join"), (str(student), "leave")]
    joined, left = await school.statements()
    assert joined["timestamp"] == "2025-09-01T00:00:00Z"
    assert left["timestamp"].startswith(str(datetime.now(UTC).year))
    assert joined["object"]["id"] == f"urn:uuid:{school.id}"
    assert joined["object"]["definition"]["name"] == {"und": "第一中学"}
    for statement in (joined, left):
        (template,) = [one for one in profile("")["templates"] if determined(statement, one)]
        assert broken(statement, template) == []


async def test_nobody_but_students_is_told_of(school: School) -> None:
    for role in ("teacher", "guardian", "administrator"):
        await school.hear(new_id(), role)
    assert await school.told() == []


async def test_two_that_tell_at_once_tell_each_once(school: School) -> None:
    students = [new_id() for _ in range(20)]
    for student in students:
        await school.hear(student, "student")
    await asyncio.gather(*(school.tells.tell_some() for _ in range(4)))
    assert sorted(await school.told()) == sorted((str(one), "join") for one in students)


async def test_what_cannot_be_stored_is_told_later(school: School, monkeypatch: pytest.MonkeyPatch) -> None:
    student = new_id()
    await school.hear(student, "student")

    async def away(*_: object) -> None:
        raise ConnectionResetError

    with monkeypatch.context() as for_now:
        for_now.setattr(school.tells._writer, "store", away)
        with pytest.raises(ConnectionResetError):
            await school.tells.tell_some()
    assert await school.statements() == []
    assert await school.told() == [(str(student), "join")]


async def test_a_survivor_does_not_join_again_and_of_the_erased_nothing_is_told(school: School) -> None:
    other, survivor, gone = new_id(), new_id(), new_id()
    await school.hear(other, "student")
    assert await school.told() == [(str(other), "join")]
    await school.hear(gone, "student")
    connection = await school.database.connect()
    merged = {"id": other, "into": survivor, "version": 9}
    async with connection.transaction():
        await people_merged(connection, [as_event(merged)])
        await people_erased(connection, [as_event({"id": gone, "version": 9})])
    await connection.close()
    await school.hear(survivor, "student", version=2)
    assert await school.told() == [(str(other), "join")]
    await school.hear(survivor, "teacher", version=3)
    assert await school.told() == [(str(other), "join"), (str(survivor), "leave")]
