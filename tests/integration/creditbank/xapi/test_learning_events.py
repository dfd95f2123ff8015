"""What spaces tells of learning, in the record stores of the schools where it happened."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI

from libs.common.database import Database
from libs.common.events import Event
from libs.common.ids import new_id
from services.creditbank.learners.handlers import people_erased, people_merged
from services.creditbank.learners.keys import KeyRing
from services.creditbank.settings import CreditbankSettings
from services.creditbank.xapi import composition
from services.creditbank.xapi.learning.handlers import handlers
from services.creditbank.xapi.learning.profile import profile
from tests.integration.creditbank.conftest import Bank
from tests.integration.creditbank.world import District, person, tell_of_people
from tests.integration.creditbank.xapi.conftest import Issue, Tool
from tests.unit.creditbank.xapi.fitting import broken, determined
from tests.unit.creditbank.xapi.learning import (
    READ,
    RETURNED,
    SUBMITTED,
    reading,
    returned,
    space,
    submission,
)

Told = dict[str, Any]


def as_event(kind: str, told: Told) -> Event:
    """An event as the inbox hands it over."""
    return Event(new_id(), 1, kind, told["id"], datetime.now(UTC), json.dumps(told).encode())


@dataclass
class School:
    """A school whose students learn in spaces, and a tool that reads its record store."""

    tool: Tool
    database: Database
    keys: KeyRing
    settings: CreditbankSettings
    id: UUID

    async def tell(self, *events: Event) -> None:
        """A batch as the inbox applies it: by type, in one transaction."""
        connection = await self.database.connect()
        try:
            async with connection.transaction():
                for kind, handle in handlers(composition.learning_writer(self.settings)).items():
                    if batch := [one for one in events if one.type == kind]:
                        await handle(connection, batch)
        finally:
            await connection.close()

    async def student(self, **changes: Any) -> UUID:
        who = new_id()
        await tell_of_people(self.database, self.keys, person(who, ("student", self.id), **changes))
        return who

    async def statements(self, who: UUID, tool: Tool | None = None) -> list[dict[str, Any]]:
        """What the store has of a person, oldest first."""
        agent = {"account": {"homePage": self.settings.issuer, "name": str(who)}}
        query = {"agent": json.dumps(agent), "ascending": "true"}
        answer = await (tool or self.tool).get("/statements", params=query)
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["statements"]
        return found


@pytest.fixture
async def school(
    tool: Tool, database: Database, keys: KeyRing, settings: CreditbankSettings, district: District
) -> School:
    return School(tool, database, keys, settings, district.school)


def ids(events: Sequence[Event]) -> list[str]:
    return [str(one.id) for one in events]


async def test_work_handed_in_and_returned_is_in_the_students_record(school: School, bank: Bank) -> None:
    student, teacher = await school.student(), await school.student()
    work = submission(student, space(school.id))
    events = [
        as_event(READ, reading(student, work["space"])),
        as_event(SUBMITTED, work),
        as_event(RETURNED, returned(work, teacher)),
        as_event(RETURNED, returned(work, teacher, mark=None, points=None)),
    ]
    await school.tell(*events)
    found = await school.statements(student)
    assert sorted(one["id"] for one in found) == sorted(ids(events))
    templates = profile("")["templates"]
    for statement in found:
        (template,) = [one for one in templates if determined(statement, one)]
        assert broken(statement, template) == []
        assert statement["authority"] == {
            "objectType": "Agent",
            "name": "Xuebu",
            "account": {"homePage": "http://creditbank.example/xapi", "name": "spaces"},
        }
        assert statement["version"] == "1.0.0"
    headers = bank.of_person(student)
    mine = (await school.tool.client.get("/v1/records/me/statements", headers=headers)).json()["items"]
    assert sorted(one["id"] for one in mine) == sorted(ids(events))
    assert {one["organisation"] for one in mine} == {str(school.id)}
    # What things are called is known to whoever asks for the activity alone.
    query = {"activityId": f"urn:uuid:{work['post']}"}
    activity = (await school.tool.get("/activities", params=query)).json()
    assert activity["definition"]["name"] == {"und": work["title"]}


async def test_told_again_nothing_is_added_or_changed(school: School) -> None:
    student = await school.student()
    first, second, third = (as_event(READ, reading(student, space(school.id))) for _ in range(3))
    await school.tell(first, second)
    before = await school.statements(student)
    await school.tell(first, second)
    assert await school.statements(student) == before
    await school.tell(second, third, first)
    assert [one["id"] for one in await school.statements(student)] == ids([first, second, third])


async def test_each_school_keeps_its_own_of_one_batch(school: School, elsewhere: Tool, issue: Issue) -> None:
    student, other = await school.student(), UUID(elsewhere.credential["organisation"])
    here, there = (
        as_event(READ, reading(student, space(school.id))),
        as_event(READ, reading(student, space(other))),
    )
    await school.tell(here, there)
    assert [one["id"] for one in await school.statements(student)] == ids([here])
    assert [one["id"] for one in await school.statements(student, elsewhere)] == ids([there])


@pytest.mark.parametrize(
    ("consent", "reads"), [("missing", 0), ("refused", 0), ("withdrawn", 0), ("given", 1), ("not-needed", 1)]
)
async def test_a_child_without_consent_has_its_duties_recorded_and_no_more(
    school: School, consent: str, reads: int
) -> None:
    child, teacher = await school.student(consent=consent), await school.student()
    work = submission(child, space(school.id))
    await school.tell(
        as_event(READ, reading(child, work["space"])),
        as_event(SUBMITTED, work),
        as_event(RETURNED, returned(work, teacher)),
    )
    verbs = [one["verb"]["id"].rpartition("/")[2] for one in await school.statements(child)]
    assert sorted(verbs) == sorted(["read"] * reads + ["submit", "scored"])


async def test_nothing_is_written_of_the_erased_and_survivors_have_what_was_told_of_the_other(
    school: School,
) -> None:
    student, other, gone, teacher = [await school.student() for _ in range(4)]
    connection = await school.database.connect()
    merged = {"id": str(other), "into": str(student), "version": 9}
    await people_merged(connection, [as_event("auth.person.merged.v1", merged)])
    erased = [{"id": str(one), "version": 9} for one in (gone, teacher)]
    await people_erased(connection, [as_event("auth.person.erased.v1", one) for one in erased])
    await connection.close()
    work = submission(other, space(school.id))
    events = [as_event(SUBMITTED, work), as_event(RETURNED, returned(work, teacher))]
    of_gone = submission(gone, space(school.id))
    await school.tell(*events, as_event(SUBMITTED, of_gone), as_event(READ, reading(gone, space(school.id))))
    found = await school.statements(student)
    assert [one["id"] for one in found] == ids(events)
    assert all(one["actor"]["account"]["name"] == str(student) for one in found)
    assert "instructor" not in found[1]["context"]
    assert await school.statements(gone) == []
    assert str(gone) not in json.dumps((await school.tool.get("/statements")).json())


async def test_of_people_not_heard_of_yet_the_word_of_spaces_counts(school: School) -> None:
    """It tells no reading without consent; auth's news of the person may come later than its own."""
    student = new_id()
    read = as_event(READ, reading(student, space(school.id)))
    handed_in = as_event(SUBMITTED, submission(student, space(school.id)))
    await school.tell(handed_in, read)
    assert [one["id"] for one in await school.statements(student)] == ids([read, handed_in])


async def test_readers_wait_for_a_batch_that_is_being_stored(school: School, app: FastAPI) -> None:
    """Consistent-Through stays before a transaction of the inbox that may still add statements."""
    student = await school.student()
    event = as_event(SUBMITTED, submission(student, space(school.id)))
    writing = await school.database.connect()
    transaction = writing.transaction()
    await transaction.start()
    began = await writing.fetchval("select clock_timestamp()")
    await handlers(composition.learning_writer(school.settings))[SUBMITTED](writing, [event])
    pool = app.state.database.pool
    assert await pool.fetchval("select xapi_consistent_through()") <= began
    await transaction.commit()
    await writing.close()
    assert await pool.fetchval("select xapi_consistent_through()") > began
    assert [one["id"] for one in await school.statements(student)] == ids([event])


async def test_the_profile_is_public_and_says_where_it_is(school: School) -> None:
    answer = await school.tool.client.get("/v1/xapi-profile")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/ld+json")
    assert answer.json() == profile("http://creditbank.example/v1/xapi-profile")
    assert answer.headers["access-control-allow-origin"] == "*"
