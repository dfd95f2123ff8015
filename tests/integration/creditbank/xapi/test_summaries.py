"""Summaries of what learners did: right whatever is stored, voided, removed, merged or known later."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import orjson
import pytest
from fastapi import FastAPI

from infra.dev.stores import ServiceStore
from libs.common.database import Database
from libs.common.ids import new_id
from services.creditbank.learners.handlers import people_erased as learners_erased
from services.creditbank.learners.handlers import people_merged
from services.creditbank.learners.keys import KeyRing
from services.creditbank.xapi.persons import handlers as persons_handlers
from services.creditbank.xapi.summaries import service
from services.creditbank.xapi.summaries.handlers import people_erased
from services.creditbank.xapi.summaries.service import Summaries
from tests.integration.creditbank.conftest import Bank
from tests.integration.creditbank.world import District, as_event, person, tell_of_people
from tests.integration.creditbank.xapi.conftest import Issue, Tool
from tests.integration.creditbank.xapi.statements import stored, voiding
from tests.integration.creditbank.xapi.test_record import ISSUER, PASSED, READ, did

MATHS = {"id": "https://x.example/maths", "definition": {"name": {"en": "Maths", "zh": "数学"}}}
#: what a count up to an earlier millisecond, or beside a writer who has not ended, leaves for the next one
_LEFT = """
select exists (select from record_news) or exists (
  select from xapi_statement s left join record_tally_place p using (organisation)
  where s.position > coalesce(p.position, -1))
"""
IN_MATHS = {"context": {"contextActivities": {"grouping": [MATHS]}}}


class Counts:
    """Counts all there is, and reads summaries."""

    def __init__(self, app: FastAPI, bank: Bank) -> None:
        self.app, self.bank = app, bank

    async def all(self) -> None:
        summaries: Summaries = self.app.state.summaries
        async with asyncio.timeout(10):
            while await summaries.step() or await self.app.state.database.pool.fetchval(_LEFT):
                await asyncio.sleep(0)

    async def of(self, learner: UUID) -> dict[str, Any]:
        await self.all()
        answer = await self.bank.client.get(
            f"/v1/learners/{learner}/record/summary", headers=self.bank.of_person(learner)
        )
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def short(self, learner: UUID) -> tuple[int, dict[str, int], dict[str, int], dict[str, int]]:
        found = await self.of(learner)
        assert found["statements"] == sum(one["statements"] for one in found["months"])
        return (
            found["statements"],
            {one["month"]: one["statements"] for one in found["months"]},
            {one["id"].rpartition("/")[2]: one["statements"] for one in found["kinds"]},
            {one["id"].rpartition("/")[2]: one["statements"] for one in found["subjects"]},
        )

    async def told(self, learner: UUID) -> list[dict[str, Any]]:
        """The events of a learner's summary, the oldest first."""
        rows = await self.app.state.database.pool.fetch(
            "select data from outbox where type = 'creditbank.record.summarised.v1' and subject = $1"
            " order by position",
            str(learner),
        )
        return [orjson.loads(row["data"]) for row in rows]


@pytest.fixture
def learner(district: District) -> UUID:
    return district.students[0]


@pytest.fixture
async def counts(app: FastAPI, bank: Bank, database: Database) -> Counts:
    return Counts(app, bank)


async def wrong(database: Database, tool: Tool, learner: UUID) -> list[str]:
    """What is counted of the learner's account at the tool's school, and is not what the statements say."""
    found: list[str] = []
    await service.check(database, found.append)
    place = UUID(tool.credential["organisation"])
    actor = await database.pool.fetchval(
        "select xapi_actor_key($1, $2)", place, f"account {ISSUER} {learner}"
    )
    return [line for line in found if str(actor) in line]


async def test_what_was_done_is_counted_by_month_kind_and_subject(
    counts: Counts, tool: Tool, issue: Issue, above: UUID, learner: UUID, district: District
) -> None:
    assert (await counts.of(learner))["statements"] == 0
    assert await counts.told(learner) == []
    higher = await issue("all", place=district.district, by=above)
    await stored(tool, did(learner, 1, "a", **IN_MATHS), did(learner, 40, "b", PASSED))
    await stored(tool, did(district.students[1], 1, "c"))
    expected = (2, {"2024-09": 1, "2024-10": 1}, {"read": 1, "passed": 1}, {"maths": 1})
    assert await counts.short(learner) == expected
    await stored(higher, did(learner, 2, "d", **IN_MATHS))
    expected = (3, {"2024-09": 2, "2024-10": 1}, {"read": 2, "passed": 1}, {"maths": 2})
    assert await counts.short(learner) == expected
    found = await counts.of(learner)
    assert found["months"][0]["month"] == "2024-10"
    assert found["kinds"][0] == {"id": READ["id"], "name": READ["display"], "statements": 2}
    assert found["subjects"] == [{"id": MATHS["id"], "name": {"en": "Maths", "zh": "数学"}, "statements": 2}]
    told = await counts.told(learner)
    assert [one["version"] for one in told] == [1, 2]
    assert told[-1]["summary"]["statements"] == 3
    assert await wrong(counts.app.state.database, tool, learner) == []


async def test_what_is_voided_before_or_after_it_was_counted_counts_no_more(
    counts: Counts, tool: Tool, learner: UUID
) -> None:
    early, late, kept = (did(learner, n, f"a{n}") for n in range(3))
    await stored(tool, late, kept)
    await stored(tool, voiding(early))
    await stored(tool, early)
    assert (await counts.short(learner))[0] == 2
    await stored(tool, voiding(late))
    assert (await counts.short(learner))[0] == 1
    assert await wrong(counts.app.state.database, tool, learner) == []


async def test_what_is_removed_or_changed_is_counted_as_it_is_then(
    counts: Counts, tool: Tool, database: Database, store: ServiceStore, learner: UUID
) -> None:
    a, b = did(learner, 1, "a"), did(learner, 2, "b", PASSED)
    await stored(tool, a, b)
    assert (await counts.short(learner))[0] == 2
    owner = await asyncpg.connect(store.migrations_database)
    await owner.execute("delete from xapi_statement where id = $1", UUID(a["id"]))
    assert (await counts.short(learner))[2] == {"passed": 1}
    change = "update xapi_statement set happened_at = '2020-01-31T23:00Z', body = body || ' ' where id = $1"
    await owner.execute(change, UUID(b["id"]))
    await owner.close()
    assert (await counts.short(learner))[1] == {"2020-01": 1}
    assert await wrong(database, tool, learner) == []


async def test_who_an_agent_is_may_become_known_later(
    counts: Counts, tool: Tool, database: Database, keys: KeyRing, district: District
) -> None:
    who, address = new_id(), f"{uuid4().hex}@example.com"
    await stored(tool, did(who, 1, "a", actor={"mbox": f"mailto:{address}"}), did(who, 2, "b"))
    await counts.all()
    told = as_event(person(who, ("student", district.school), email=address))
    await tell_of_people(database, keys, person(who, ("student", district.school), email=address))
    connection = await database.connect()
    async with connection.transaction():
        await persons_handlers.people_changed(connection, [told])
    await connection.close()
    assert (await counts.short(who))[0] == 2


async def test_merged_persons_have_one_summary_and_erased_ones_none(
    counts: Counts, tool: Tool, database: Database, learner: UUID, district: District
) -> None:
    other = district.students[1]
    await stored(tool, did(learner, 1, "a"), did(other, 2, "b"))
    await counts.all()
    connection = await database.connect()
    async with connection.transaction():
        await people_merged(connection, [as_event({"id": other, "into": learner, "version": 9})])
    assert (await counts.short(learner))[0] == (await counts.short(other))[0] == 2
    assert (await counts.told(learner))[-1]["summary"]["statements"] == 2
    async with connection.transaction():
        events = [as_event({"id": one}) for one in (learner, other)]
        await people_erased(connection, events)
        await learners_erased(connection, events)
    await connection.close()
    assert (
        await database.pool.fetchval(
            "select count(*) from record_summary r join learner l on l.number = r.learner"
            " where l.id = any($1)",
            [learner, other],
        )
        == 0
    )


async def test_an_address_that_changed_hands_counts_for_each_in_their_time(
    counts: Counts, tool: Tool, database: Database, district: District
) -> None:
    first, second = district.students[:2]
    mailbox = f"mailto:{uuid4().hex}@example.com"
    link = """
    insert into xapi_identity (id, key, agent, learner, source, since, left_at)
    select gen_random_uuid(), sha256(convert_to('mbox ' || $1, 'UTF8')), 'mbox ' || $1, number, 'link',
      coalesce($3::timestamptz, '-infinity'), $4::timestamptz from learner where id = $2
    """
    await stored(tool, did(first, 1, "a", actor={"mbox": mailbox}))
    moment = await database.pool.fetchval("select clock_timestamp()")
    await stored(
        tool, did(first, 2, "b", actor={"mbox": mailbox}), did(first, 3, "c", actor={"mbox": mailbox})
    )
    await database.pool.execute(link, mailbox, first, None, moment)
    await database.pool.execute(link, mailbox, second, moment, None)
    assert ((await counts.short(first))[0], (await counts.short(second))[0]) == (1, 2)


async def test_texts_of_any_kind_are_counted(counts: Counts, tool: Tool, learner: UUID) -> None:
    iri = "https://x.example/" + "很" * 1_500
    await stored(tool, did(learner, 1, "a", {"id": iri, "display": {"en": "a\0b \\u0000"}}))
    found = await counts.of(learner)
    assert found["kinds"] == [
        {"id": iri[:500], "name": {"en": "a\ufffdb \\ufffd"}, "statements": 1},
    ]


async def test_a_damaged_count_is_named_and_mended(
    counts: Counts, tool: Tool, database: Database, learner: UUID, settings: Any
) -> None:
    await stored(tool, did(learner, 1, "a"))
    expected = await counts.short(learner)
    damage = (
        "update record_tally set statements = 7 where axis = 2 and actor ="
        " (select actor from xapi_statement where organisation = $1 order by position desc limit 1)"
    )
    await database.pool.execute(damage, UUID(tool.credential["organisation"]))
    [found] = await wrong(database, tool, learner)
    assert found.endswith("1 statements, counted 7")
    await service.rebuild(database, settings.issuer)
    assert await wrong(database, tool, learner) == []
    assert await counts.short(learner) == expected
