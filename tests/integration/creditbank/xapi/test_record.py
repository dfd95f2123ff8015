"""A learner's whole record: statements of all organisations and credits, in one line of time."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from libs.common.database import Database
from libs.common.ids import new_id
from services.creditbank.learners.handlers import people_merged
from services.creditbank.learners.keys import KeyRing
from tests.integration.creditbank.conftest import Bank, item
from tests.integration.creditbank.world import District, as_event, person, tell_of_people
from tests.integration.creditbank.xapi.conftest import Issue, Tool
from tests.integration.creditbank.xapi.statements import stored, voiding

ISSUER = "http://127.0.0.1:8001"
BEGUN = datetime(2024, 9, 1, 8, tzinfo=UTC)
PASSED = {"id": "http://adlnet.gov/expapi/verbs/passed", "display": {"en": "passed", "zh-CN": "通过"}}
READ = {"id": "http://activitystrea.ms/schema/1.0/read", "display": {"en": "read"}}


def did(who: UUID, day: int, what: str, verb: dict[str, Any] = READ, **parts: Any) -> dict[str, Any]:
    """What somebody did on a day of the record, counted from its beginning."""
    return {
        "id": str(uuid4()),
        "actor": {"account": {"homePage": ISSUER, "name": str(who)}},
        "verb": verb,
        "object": {"id": f"https://x.example/{what}"},
        "timestamp": (BEGUN + timedelta(days=day)).isoformat(),
        **parts,
    }


class Reader:
    """Reads the record of one learner."""

    def __init__(self, bank: Bank, learner: UUID) -> None:
        self.bank, self.learner = bank, learner

    async def ask(self, who: UUID | None = None, language: str = "en", **query: Any) -> httpx.Response:
        headers = {**self.bank.of_person(who or self.learner), "Accept-Language": language}
        return await self.bank.client.get(
            f"/v1/learners/{self.learner}/record", params=query, headers=headers
        )

    async def page(self, who: UUID | None = None, **query: Any) -> dict[str, Any]:
        answer = await self.ask(who, **query)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def lines(self, who: UUID | None = None, **query: Any) -> list[dict[str, Any]]:
        """All of them, from all pages."""
        found: list[dict[str, Any]] = []
        cursor: dict[str, str] = {}
        while True:
            page = await self.page(who, **query, **cursor)
            found += page["items"]
            if page["next"] is None:
                return found
            cursor = {"cursor": page["next"]}

    async def told(self, **query: Any) -> list[str]:
        """The ends of the activities' IRIs, and names of entries."""
        return [short(line) for line in await self.lines(**query)]


def short(line: dict[str, Any]) -> str:
    if line["kind"] == "credit":
        return str(line["credit"]["entry"])
    return str(line["activity"]["id"].rpartition("/")[2])


@pytest.fixture
def learner(district: District) -> UUID:
    return district.students[0]


@pytest.fixture
def reader(bank: Bank, learner: UUID) -> Reader:
    return Reader(bank, learner)


async def test_a_record_tells_what_happened_where_with_what_result_and_what_it_earned(
    reader: Reader, bank: Bank, tool: Tool, learner: UUID, district: District
) -> None:
    result = {"score": {"scaled": 0.9}, "success": True, "extensions": {"https://x.example/e": 1}}
    name = {"en": "Fractions", "zh": "分数"}
    exam = {
        "id": "https://x.example/exam",
        "definition": {"name": name, "type": "http://adlnet.gov/expapi/activities/assessment"},
    }
    await stored(tool, did(learner, 1, "page"), did(learner, 2, "", PASSED, object=exam, result=result))
    await bank.posted(district.school, item(learner, district.course, credits="2.00", grade="A"))
    credit, passed, read = await reader.lines()
    assert (short(credit), passed["activity"]["id"], short(read)) == ("deposit", exam["id"], "page")
    assert credit["credit"]["credits"] == "2.00"
    assert credit["credit"]["name"] == "Credits earned"
    assert credit["credit"]["course"]["title"] == "Algebra I"
    assert credit["organisation"] == {"id": str(district.school), "name": "第一中学"}
    assert passed["happened_at"] == "2024-09-03T08:00:00Z"
    assert passed["verb"] == {"id": PASSED["id"], "name": "passed"}
    assert passed["activity"]["name"] == "Fractions"
    assert passed["result"] == {"score": {"scaled": 0.9}, "success": True}
    assert passed["organisation"]["name"] == "第一中学"
    assert (read["activity"]["name"], read["result"], read["credit"]) == (None, None, None)
    credit, passed, _ = await reader.lines(language="zh-CN")
    assert credit["credit"]["name"] == "获得学分"
    assert (passed["verb"]["name"], passed["activity"]["name"]) == ("通过", "分数")


async def test_pages_of_any_size_tell_each_line_once_and_in_order(
    reader: Reader, bank: Bank, tool: Tool, issue: Issue, above: UUID, learner: UUID, district: District
) -> None:
    higher = await issue("all", place=district.district, by=above)
    same = "2024-10-01T00:00:00Z"
    for day in (5, 1, 9):
        await stored(tool, did(learner, day, f"school-{day}"))
        await stored(higher, did(learner, day, f"district-{day}"))
        await bank.posted(district.school, item(learner, district.course))
    await stored(tool, *(did(learner, 0, f"same-{n}", timestamp=same) for n in range(5)))
    whole = [line["id"] for line in await reader.lines()]
    assert len(set(whole)) == len(whole) == 14
    for limit in (1, 2, 3, 13):
        assert [line["id"] for line in await reader.lines(limit=limit)] == whole
    times = [line["happened_at"] for line in await reader.lines()]
    assert times == sorted(times, reverse=True)


async def test_lines_are_picked_by_kind_verb_activity_place_time_and_words(
    reader: Reader, bank: Bank, tool: Tool, issue: Issue, above: UUID, learner: UUID, district: District
) -> None:
    higher = await issue("all", place=district.district, by=above)
    named = {"id": "https://x.example/c", "definition": {"name": {"zh": "分数加法", "en": "Adding"}}}
    await stored(tool, did(learner, 1, "a"), did(learner, 2, "b", PASSED))
    await stored(higher, did(learner, 3, "", PASSED, object=named))
    await bank.posted(district.school, item(learner, district.course))
    for query, expected in (
        ({"kind": "statement"}, ["c", "b", "a"]),
        ({"kind": "credit"}, ["deposit"]),
        ({"verb": PASSED["id"]}, ["c", "b"]),
        ({"verb": PASSED["id"], "kind": "credit"}, []),
        ({"activity": "https://x.example/a"}, ["a"]),
        ({"organisation": district.school}, ["deposit", "b", "a"]),
        ({"organisation": district.district}, ["c"]),
        ({"organisation": uuid4()}, []),
        ({"from": "2024-09-03T08:00:00Z", "until": "2024-09-04T08:00:00Z"}, ["b"]),
        ({"from": "2024-09-04T16:00:00+08:00"}, ["deposit", "c"]),
        ({"text": "加法"}, ["c"]),
        ({"text": "ADDING 通过"}, ["c"]),
        ({"text": "ａｌｇｅｂｒａ"}, ["deposit"]),
        ({"text": "学分"}, ["deposit"]),
        ({"text": "nothing of it"}, []),
    ):
        assert await reader.told(**query) == expected, query
        assert await reader.told(**query, limit=1) == expected, query


async def test_what_was_voided_and_what_others_did_is_left_out(
    reader: Reader, tool: Tool, elsewhere: Tool, learner: UUID, district: District
) -> None:
    wrong = did(learner, 1, "wrong")
    await stored(tool, wrong, did(learner, 2, "right"), did(district.students[1], 3, "another"))
    await stored(tool, voiding(wrong))
    await stored(elsewhere, did(learner, 4, "of-strangers"))
    assert await reader.told() == ["right"]


async def test_merged_persons_have_one_record_by_either_id(
    reader: Reader, bank: Bank, tool: Tool, database: Database, learner: UUID, district: District
) -> None:
    other = district.students[1]
    await stored(tool, did(learner, 1, "mine"), did(other, 2, "also-mine"))
    for one in (learner, other):
        await bank.posted(district.school, item(one, district.course))
    connection = await database.connect()
    async with connection.transaction():
        await people_merged(connection, [as_event({"id": other, "into": learner, "version": 9})])
    await connection.close()
    expected = ["deposit", "deposit", "also-mine", "mine"]
    assert await reader.told() == expected
    assert await Reader(bank, other).told(limit=1) == expected


Tell = Callable[..., Awaitable[None]]


@pytest.fixture
def tell(database: Database, keys: KeyRing, district: District, learner: UUID) -> Tell:
    """Tells of the learner anew: guardians and their consent."""
    versions = iter(range(2, 100))

    async def told(*guardians: UUID, consent: str) -> None:
        role = ("student", district.school)
        relations = [{"person": one, "relation": "parent"} for one in guardians]
        changes = {"version": next(versions), "guardians": relations, "consent": consent}
        await tell_of_people(database, keys, person(learner, role, **changes))

    return told


async def test_the_learner_and_guardians_with_consent_read_a_record_and_nobody_else(
    reader: Reader, bank: Bank, tool: Tool, learner: UUID, teacher: UUID, tell: Tell, district: District
) -> None:
    guardian = new_id()
    await stored(tool, did(learner, 1, "a"))
    for stranger in (guardian, teacher, district.students[1]):
        assert (await reader.ask(stranger)).status_code == 404
    await tell(guardian, consent="given")
    assert len(await reader.lines(guardian)) == 1
    for consent in ("missing", "refused", "withdrawn"):
        await tell(guardian, consent=consent)
        for who in (guardian, learner):
            answer = await reader.ask(who)
            assert answer.status_code == 403, answer.text
            assert answer.json()["type"].endswith("/consent-needed")
    await tell(guardian, consent="not-needed")
    assert len(await reader.lines(guardian)) == len(await reader.lines(learner)) == 1
    headers = bank.of_client(district.school, "credits.read")
    answer = await bank.client.get(f"/v1/learners/{learner}/record", headers=headers)
    assert answer.status_code == 403


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("cursor", "nonsense"),
        ("cursor", "WyIiLCAwLCAiMS4yIl0"),
        ("cursor", "WyI5OTk5OTk5OTk5OTk5OTk5OTk5OTkiLCAwLCAiIl0"),
        ("cursor", "WyIiLCAwLCAiMS45OTk5OTkuMSJd"),
        ("from", "yesterday"),
        ("kind", "lot"),
        ("organisation", "school"),
        ("verb", "x" * 2_001),
        ("text", "x" * 201),
        ("verb", "a\0b"),
        ("activity", "a\0b"),
    ],
)
async def test_bad_parameters_are_named(reader: Reader, name: str, value: str) -> None:
    answer = await reader.ask(None, **{name: value})
    assert answer.status_code in (400, 422), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
