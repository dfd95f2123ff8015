"""What activities are called (Data 2.4.4.1, Communication 2.5), and persons (Communication 2.4)."""

import asyncio
import json
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from libs.common.database import Database
from libs.common.ids import new_id
from services.creditbank.xapi.activities import service
from services.creditbank.xapi.activities.service import Definitions
from tests.integration.creditbank.world import District
from tests.integration.creditbank.xapi.conftest import Issue, Tool


async def define(database: Database, organisation: UUID, *given: tuple[str, Any]) -> None:
    """Merge these definitions, as one batch of statements does."""
    document = [{"id": activity, "definition": definition} for activity, definition in given]
    async with database.pool.acquire() as connection, connection.transaction():
        await service.define(connection, organisation, json.dumps(document).encode())  # type: ignore[arg-type]


async def known(database: Database, organisation: UUID, activity: str) -> Any:
    found = await service.definitions(database.pool, organisation, [activity])
    return json.loads(found[activity]) if activity in found else None


async def test_communication_2_5_an_activity_nobody_defined_has_its_id_alone(either: Tool) -> None:
    activity = f"http://example.com/{uuid4()}?a=1&b=学#c"
    answer = await either.get("/activities", params={"activityId": activity})
    assert answer.json() == {"objectType": "Activity", "id": activity}
    for wrong in ("", "relative", "has space:x y"):
        assert (await either.get("/activities", params={"activityId": wrong})).status_code == 400
    assert (await either.get("/activities")).status_code == 400


async def test_communication_2_5_the_whole_description_comes_from_all_definitions(
    either: Tool, database: Database, district: District
) -> None:
    activity = f"http://example.com/{uuid4()}"
    await define(
        database,
        district.school,
        (activity, {"name": {"en": "Meeting"}, "type": "http://a", "extensions": {"http://x": 1}}),
        (activity, {"name": {"fr": "Réunion"}, "description": {"zh": "会议"}}),
    )
    await define(
        database,
        district.school,
        (activity, {"name": {"en": "A meeting"}, "type": "http://b", "extensions": {"http://y": {"z": 2}}}),
    )
    answer = await either.get("/activities", params={"activityId": activity})
    assert answer.json()["definition"] == {
        "name": {"en": "A meeting", "fr": "Réunion"},
        "description": {"zh": "会议"},
        "type": "http://b",
        "extensions": {"http://x": 1, "http://y": {"z": 2}},
    }


async def test_an_interaction_of_another_kind_loses_the_parts_of_the_former(database: Database) -> None:
    organisation, activity = new_id(), "http://example.com/q"
    first = {
        "type": "http://adlnet.gov/expapi/activities/cmi.interaction",
        "interactionType": "choice",
        "choices": [{"id": "a"}],
        "correctResponsesPattern": ["a"],
        "name": {"en": "Q"},
    }
    await define(database, organisation, (activity, first))
    await define(database, organisation, (activity, {"interactionType": "choice", "choices": [{"id": "b"}]}))
    assert (await known(database, organisation, activity))["correctResponsesPattern"] == ["a"]
    await define(database, organisation, (activity, {"interactionType": "likert", "scale": [{"id": "l"}]}))
    assert await known(database, organisation, activity) == {
        "type": first["type"],
        "interactionType": "likert",
        "scale": [{"id": "l"}],
        "name": {"en": "Q"},
    }


async def test_organisations_describe_activities_each_for_itself(
    tool: Tool, issue: Issue, database: Database, district: District, above: UUID
) -> None:
    activity = f"http://example.com/{uuid4()}"
    await define(database, district.school, (activity, {"name": {"en": "Ours"}}))
    elsewhere = await issue("all", place=district.other_school, by=above)
    answer = await elsewhere.get("/activities", params={"activityId": activity})
    assert "definition" not in answer.json()


async def test_ids_may_be_longer_than_an_index_takes(database: Database) -> None:
    organisation, activity = new_id(), "http://example.com/" + "x" * 60_000
    await define(database, organisation, (activity, {"name": {"en": "Long"}}))
    await define(database, organisation, (activity, {"name": {"en": "Longer"}}))
    assert await known(database, organisation, activity) == {"name": {"en": "Longer"}}


async def test_batches_over_the_same_activities_neither_lock_each_other_out_nor_lose(
    database: Database,
) -> None:
    """64 batches over ten activities, each in an order of its own, each with something of its own to say."""
    organisation = new_id()
    activities = [f"http://example.com/shared/{n}" for n in range(10)]

    async def batch(number: int) -> None:
        turned = activities[number % 10 :] + activities[: number % 10]
        ordered = turned if number % 2 else turned[::-1]
        given = [(one, {"name": {f"x-{number}": "said"}, "type": "http://t"}) for one in ordered]
        await define(database, organisation, *given)

    await asyncio.gather(*(batch(number) for number in range(64)))
    for activity in activities:
        found = await known(database, organisation, activity)
        assert set(found["name"]) == {f"x-{number}" for number in range(64)}


async def test_what_is_known_already_locks_nothing(database: Database) -> None:
    organisation, activity = new_id(), "http://example.com/known"
    await define(database, organisation, (activity, {"name": {"en": "A", "de": "B"}}))
    holder = await database.connect()
    async with holder.transaction():
        await holder.execute("select from xapi_activity where organisation = $1 for update", organisation)
        await define(database, organisation, (activity, {"name": {"en": "A"}}))
        waiter = await database.connect()
        await waiter.execute("set lock_timeout = 50")
        with pytest.raises(asyncpg.LockNotAvailableError):
            await waiter.execute(
                "select define_activities($1, $2)",
                organisation,
                json.dumps([{"id": activity, "definition": {"name": {"en": "C"}}}]).encode(),
            )
        await waiter.close()
    await holder.close()


async def test_what_was_merged_a_moment_ago_is_not_merged_again(database: Database) -> None:
    organisation, other = new_id(), new_id()
    definitions = Definitions()
    given = [("http://a", b'{"name":{"en":"\\u0000A"}}'), ("http://a", b'{"name":{"en":"\\u0000A"}}')]
    news = definitions.news(organisation, given)
    assert news is not None
    assert json.loads(news) == [{"id": "http://a", "definition": {"name": {"en": "A"}}}]
    async with database.pool.acquire() as connection:
        await service.define(connection, organisation, news)  # type: ignore[arg-type]
    assert await known(database, organisation, "http://a") == {"name": {"en": "A"}}
    assert definitions.news(organisation, given) is None
    assert definitions.news(other, given) is not None
    assert definitions.news(organisation, [("http://a", b'{"name":{"en":"B"}}')]) is not None
    definitions.forget(organisation, ["http://a"])
    assert definitions.news(organisation, [("http://a", b'{"name":{"en":"B"}}')]) is not None


@pytest.mark.parametrize(
    "identifier",
    [
        {"mbox": "mailto:rick@example.com"},
        {"mbox_sha1sum": "cd9b00a5611f94eaa7b1661edab976068e364975"},
        {"openid": "http://openid.example.org/rick"},
        {"account": {"homePage": "http://example.com", "name": "rick"}},
    ],
)
async def test_communication_2_4_an_agent_is_answered_as_a_person(
    either: Tool, identifier: dict[str, Any]
) -> None:
    for extra in ({}, {"objectType": "Agent"}, {"name": "Rick 里克"}):
        agent = {**identifier, **extra}
        answer = await either.get("/agents", params={"agent": json.dumps(agent)})
        assert answer.status_code == 200
        found = answer.json()
        assert found.pop("objectType") == "Person"
        expected = {name: [value] for name, value in agent.items() if name != "objectType"}
        assert {name: found.get(name) for name in expected} == expected


@pytest.mark.parametrize(
    "agent",
    [
        "",
        "x",
        "{}",
        '{"name":"Rick"}',
        '{"mbox":"rick"}',
        '{"objectType":"Group","mbox":"mailto:a@b.c"}',
        '{"mbox":"mailto:a@b.c","openid":"http://a"}',
    ],
)
async def test_communication_2_4_what_is_no_agent_is_refused(either: Tool, agent: str) -> None:
    answer = await either.get("/agents", params={"agent": agent})
    assert answer.status_code == 400
    assert answer.json()["clause"]
