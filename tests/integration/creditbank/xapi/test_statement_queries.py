"""Finding statements (xAPI 1.0.3, part three, 2.1.3)."""

import asyncio
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from uuid import uuid4

import httpx
import orjson
import pytest
from fastapi import FastAPI

from libs.common.database import Database
from services.creditbank.xapi.statements.cursors import Cursors
from services.creditbank.xapi.statements.service import Statements
from tests.integration.creditbank.xapi.conftest import Issue, Tool
from tests.integration.creditbank.xapi.statements import (
    PATH,
    activity,
    agent,
    fresh,
    ids,
    listed,
    one,
    statement,
    stored,
)

#: tests must have the same names in every process that collects them
SOME_ID = "0d9c25ae-274b-4cb5-a8c6-0fa06e48a625"


def text(value: Any) -> str:
    return orjson.dumps(value).decode()


def group(*members: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"objectType": "Group", "member": list(members), **more}


def inner(**parts: Any) -> dict[str, Any]:
    found = {"objectType": "SubStatement", **statement(**parts)}
    del found["id"]
    return found


async def test_filters_by_who_what_and_about_what(either: Tool) -> None:
    who, what, thing, registration = agent(), fresh("verb"), activity(), str(uuid4())
    sent = statement(actor=who, verb={"id": what}, object=thing, context={"registration": registration})
    await stored(either, sent, statement(actor=who), statement(verb={"id": what}), statement(object=thing))
    queries = {
        "agent": text({**who, "name": "Another name"}),
        "verb": what,
        "activity": thing["id"],
        "registration": registration.upper(),
    }
    assert await ids(either, **queries) == [sent["id"]]
    for name in ("agent", "verb", "activity"):
        assert len(await ids(either, **{name: queries[name]})) == 2
        assert sent["id"] in await ids(either, **{name: queries[name]})
    assert await ids(either, registration=registration) == [sent["id"]]
    assert await ids(either, registration=str(uuid4())) == []


@pytest.mark.parametrize(
    "identifier",
    [
        {"mbox": "mailto:someone@x.example"},
        {"mbox_sha1sum": "ebd31e95054c018b10727ccffd2ef2ec3a016ee9"},
        {"openid": "https://id.example/1"},
        {"account": {"homePage": "https://x.example/", "name": "有空 格"}},
    ],
)
async def test_2_4_2_3_agents_are_the_same_by_their_identifier(
    issue: Issue, identifier: dict[str, Any]
) -> None:
    tool = await issue("all")
    sent = statement(actor={**identifier, "name": "A"})
    as_group = statement(actor=group(agent(), **identifier))
    await stored(tool, sent, as_group)
    found = await ids(tool, agent=text({**identifier, "name": "B"}))
    assert {sent["id"], as_group["id"]} <= set(found)


async def test_the_agent_filter_looks_at_actor_object_and_members(either: Tool) -> None:
    who = agent()
    near = [
        statement(actor=who),
        statement(object=who),
        statement(actor=group(agent(), who)),
        statement(object=group(who, agent(), mbox=f"mailto:{uuid4().hex}@x.example")),
    ]
    far = [
        statement(context={"instructor": who}),
        statement(context={"team": group(who)}),
        statement(object=inner(actor=who)),
        statement(object=inner(object=who)),
        statement(object=inner(context={"instructor": group(who)})),
    ]
    if either.version == "2.0.0":
        far.append(statement(context={"contextAgents": [{"objectType": "contextAgent", "agent": who}]}))
        far.append(
            statement(context={"contextGroups": [{"objectType": "contextGroup", "group": group(who)}]})
        )
    await stored(either, *near, *far, statement())
    newest_first = [one["id"] for one in reversed([*near, *far])]
    assert await ids(either, agent=text(who)) == newest_first[len(far) :]
    assert await ids(either, agent=text(who), related_agents="true") == newest_first


async def test_the_agent_filter_looks_at_authorities_if_asked(issue: Issue) -> None:
    tool = await issue("all")
    sent = statement()
    await stored(tool, sent)
    authority = (await one(tool, sent["id"]))["authority"]
    assert await ids(tool, agent=text(authority)) == []
    assert await ids(tool, agent=text(authority), related_agents="true") == [sent["id"]]
    both = {"agent": text(authority), "related_agents": "true", "verb": fresh("verb")}
    assert await ids(tool, **both) == []


async def test_the_activity_filter_looks_everywhere_if_asked(either: Tool) -> None:
    thing = activity()
    near = [statement(object=thing)]
    far = [
        statement(context={"contextActivities": {relation: [activity(), thing]}})
        for relation in ("parent", "grouping", "category", "other")
    ]
    far += [
        statement(object=inner(object=thing)),
        statement(object=inner(context={"contextActivities": {"parent": thing}})),
    ]
    await stored(either, *near, *far, statement())
    newest_first = [one["id"] for one in reversed([*near, *far])]
    assert await ids(either, activity=thing["id"]) == newest_first[len(far) :]
    assert await ids(either, activity=thing["id"], related_activities="true") == newest_first


async def test_filters_together_hold_of_one_statement(either: Tool) -> None:
    who, thing = agent(), activity()
    both = statement(context={"instructor": who, "contextActivities": {"parent": thing}})
    await stored(either, both, statement(actor=who), statement(object=thing))
    broad = {"related_agents": "true", "related_activities": "true"}
    assert await ids(either, agent=text(who), activity=thing["id"], **broad) == [both["id"]]
    assert await ids(either, agent=text(who), activity=thing["id"]) == []


async def test_since_is_exclusive_and_until_inclusive(either: Tool) -> None:
    verb = {"id": fresh("verb")}
    sent = [statement(verb=verb) for _ in range(3)]
    for each in sent:
        await stored(either, each)
        await asyncio.sleep(0.002)  # so that each has a millisecond of its own
    times = [(await one(either, each["id"]))["stored"] for each in sent]
    assert await ids(either, verb=verb["id"], since=times[0]) == [sent[2]["id"], sent[1]["id"]]
    assert await ids(either, verb=verb["id"], until=times[1]) == [sent[1]["id"], sent[0]["id"]]
    assert await ids(either, verb=verb["id"], since=times[0], until=times[1]) == [sent[1]["id"]]
    shifted = datetime.fromisoformat(times[1]).astimezone(UTC) + timedelta(hours=8)
    shown = shifted.strftime("%Y-%m-%dT%H:%M:%S.%f") + "+08:00"
    assert await ids(either, verb=verb["id"], until=shown) == [sent[1]["id"], sent[0]["id"]]
    assert await ids(either, verb=verb["id"], since="9999-12-31T23:59:59Z") == []
    assert await ids(either, verb=verb["id"], until="0001-01-01T00:00:00Z") == []


async def test_pages_walk_all_of_it_once_in_either_order(either: Tool) -> None:
    verb = {"id": fresh("verb")}
    sent = [statement(verb=verb) for _ in range(7)]
    await stored(either, *sent)
    oldest_first = [each["id"] for each in sent]
    for limit in ("1", "2", "3", "7", "8", "0", "999999999999999999999"):
        assert await ids(either, verb=verb["id"], limit=limit) == oldest_first[::-1]
        assert await ids(either, verb=verb["id"], limit=limit, ascending="true") == oldest_first
    page = (await either.get(PATH, params={"verb": verb["id"], "limit": "3"})).json()
    assert len(page["statements"]) == 3
    assert page["more"].startswith("/xapi/statements?")


async def test_a_walk_is_not_disturbed_by_what_is_stored_meanwhile(tool: Tool) -> None:
    verb = {"id": fresh("verb")}
    sent = [statement(verb=verb) for _ in range(4)]
    await stored(tool, *sent)
    page = (await tool.get(PATH, params={"verb": verb["id"], "limit": "2"})).json()
    await stored(tool, statement(verb=verb))
    rest = (await tool.get(page["more"].removeprefix("/xapi"))).json()
    assert [each["id"] for each in page["statements"] + rest["statements"]] == [e["id"] for e in sent[::-1]]


async def test_a_page_of_large_statements_ends_at_its_bytes(
    tool: Tool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.creditbank.xapi.statements.service.MOST_BYTES", 3000)
    verb = {"id": fresh("verb")}
    sent = [statement(verb=verb, result={"response": "x" * size}) for size in (10, 2000, 2000, 5000)]
    await stored(tool, *sent)
    page = (await tool.get(PATH, params={"verb": verb["id"]})).json()
    assert len(page["statements"]) == 1
    assert await ids(tool, verb=verb["id"]) == [each["id"] for each in sent[::-1]]


async def test_2_5_a_link_survives_a_restart_keeps_the_agent_and_names_nobody(
    tool: Tool, app: FastAPI, database: Database
) -> None:
    who = agent()
    sent = [statement(actor=who, context={"team": group(who)}) for _ in range(3)]
    await stored(tool, *sent, statement())
    query = {"agent": text(who), "related_agents": "true", "limit": "1", "format": "ids"}
    more = (await tool.get(PATH, params=query)).json()["more"]
    assert who["account"]["name"] not in more
    before = app.state.statements
    key = app.state.settings.key_encryption_key.get_secret_value()
    app.state.statements = Statements(database, Cursors(key), app.state.definitions)
    try:
        answer = (await tool.get(more.removeprefix("/xapi"))).json()
    finally:
        app.state.statements = before
    assert [each["id"] for each in answer["statements"]] == [sent[1]["id"]]
    assert (await tool.get(answer["more"].removeprefix("/xapi"))).json()["more"] == ""


async def test_2_5_a_link_of_others_or_changed_is_no_link(tool: Tool, elsewhere: Tool) -> None:
    await stored(tool, statement(), statement())
    more = (await tool.get(PATH, params={"limit": "1"})).json()["more"].removeprefix("/xapi")
    assert (await tool.get(more)).status_code == 200
    assert (await elsewhere.get(more)).status_code == 400
    for changed in (
        more[:-1],
        more + "A",
        more.replace("more=", "more=A"),
        f"{PATH}?more=",
        more + "&limit=1",
    ):
        assert (await tool.get(changed)).status_code == 400


@pytest.mark.parametrize(
    "query",
    [
        {"statementId": "x"},
        {"statementId": SOME_ID, "voidedStatementId": SOME_ID},
        {"statementId": SOME_ID, "limit": "1"},
        {"statementId": SOME_ID, "ascending": "false"},
        {"voidedStatementId": SOME_ID, "verb": "https://x.example/v"},
        {"statementid": SOME_ID},
        {"agent": "x"},
        {"agent": "{}"},
        {"agent": '{"objectType":"Group","member":[]}'},
        {"agent": '{"mbox":"mailto:a@b","mbox":"mailto:c@d"}'},
        {"agent": text(group({"mbox": "mailto:a@x.example"}))},
        {"verb": "did"},
        {"activity": "x y"},
        {"registration": "x"},
        {"related_agents": "True"},
        {"related_activities": "1"},
        {"since": "yesterday"},
        {"until": "2026-13-01T00:00:00Z"},
        {"limit": "-1"},
        {"limit": "1.5"},
        {"limit": "٣"},
        {"format": "IDs"},
        {"attachments": "yes"},
        {"ascending": ""},
        {"unknown": "1"},
    ],
    ids=text,
)
async def test_3_2_queries_that_mean_nothing_are_400(either: Tool, query: dict[str, str]) -> None:
    answer = await either.get(PATH, params=query)
    assert answer.status_code == 400
    assert answer.json()["clause"]
    assert datetime.fromisoformat(answer.headers["X-Experience-API-Consistent-Through"])


async def test_a_single_statement_tells_when_it_was_stored(either: Tool) -> None:
    sent = statement()
    await stored(either, sent)
    answer = await either.get(PATH, params={"statementId": sent["id"].upper()})
    told = parsedate_to_datetime(answer.headers["Last-Modified"])
    assert told == datetime.fromisoformat(answer.json()["stored"]).replace(microsecond=0)


def _through(answer: httpx.Response) -> datetime:
    return datetime.fromisoformat(answer.headers["X-Experience-API-Consistent-Through"])


async def test_consistent_through_waits_for_those_who_write(tool: Tool, database: Database) -> None:
    """While a transaction that stores statements is open, the time told stays before its beginning."""
    await stored(tool, statement())
    async with database.pool.acquire() as connection:
        async with connection.transaction():
            began = await connection.fetchval("select now()")
            await connection.execute("select pg_advisory_xact_lock_shared(7011, 5)")
            await asyncio.sleep(0.05)
            for query in ({}, {"statementId": str(uuid4())}, {"limit": "x"}):
                assert _through(await tool.get(PATH, params=query)) <= began
        await asyncio.sleep(0.05)
        assert _through(await tool.get(PATH)) > began


async def test_what_is_stored_is_told_of_at_once(tool: Tool) -> None:
    for _ in range(3):
        sent = statement()
        await stored(tool, sent)
        answer = await tool.get(PATH, params={"verb": sent["verb"]["id"]})
        found = answer.json()["statements"][0]
        assert _through(answer) >= datetime.fromisoformat(found["stored"])


SHOWN = {"name": {"en-US": "Lesson", "zh-CN": "课", "fr": "Leçon"}, "description": {"en": "One"}}


async def test_format_ids_keeps_what_identifies(either: Tool) -> None:
    who = {**agent(), "name": "Shown"}
    named = group(who, name="Team", mbox=f"mailto:{uuid4().hex}@x.example")
    sent = statement(
        actor=group(who, agent(), name="Anonymous"),
        verb={"id": fresh("verb"), "display": {"en": "did"}},
        object=activity(None, **SHOWN),
        context={"instructor": named, "contextActivities": {"parent": [activity(None, **SHOWN)]}},
    )
    await stored(either, sent)
    found = await one(either, sent["id"], format="ids")
    assert found["actor"] == {
        "objectType": "Group",
        "member": [agent(each["account"]["name"]) for each in sent["actor"]["member"]],
    }
    assert found["verb"] == {"id": sent["verb"]["id"]}
    assert found["object"] == {"id": sent["object"]["id"]}
    assert found["context"]["instructor"] == {"objectType": "Group", "mbox": named["mbox"]}
    assert found["context"]["contextActivities"]["parent"] == [
        {"id": sent["context"]["contextActivities"]["parent"][0]["id"]}
    ]
    assert await ids(either, verb=sent["verb"]["id"], format="ids", limit="1") == [sent["id"]]


@pytest.mark.parametrize(
    ("accepted", "shown"),
    [
        ("zh-CN", "zh-CN"),
        ("zh", "zh-CN"),
        ("zh-TW", "zh-CN"),
        ("fr;q=0.5, en;q=0.9", "en-US"),
        ("de, fr;q=0.1", "fr"),
        ("en;q=0, fr", "fr"),
        ("de", "en-US"),
        ("*", "en-US"),
        ("", "en-US"),
        (";;;q=x,,", "en-US"),
    ],
)
async def test_format_canonical_shows_one_language_of_each_map(
    either: Tool, accepted: str, shown: str
) -> None:
    bare, thing = statement(), activity(None, **SHOWN)
    bare["object"] = {"id": thing["id"]}
    sent = statement(
        object=thing,
        verb={"id": bare["verb"]["id"], "display": {"en-US": "did", "zh-CN": "做了", "fr": "fait"}},
    )
    await stored(either, sent)
    await stored(either, bare)
    answer = await either.get(
        PATH,
        params={"verb": bare["verb"]["id"], "format": "canonical"},
        headers={"Accept-Language": accepted},
    )
    later, first = answer.json()["statements"]
    assert list(first["verb"]["display"]) == [shown]
    for found in (later, first):
        assert found["object"]["definition"]["name"] == {shown: SHOWN["name"][shown]}
        assert found["object"]["definition"]["description"] == {"en": "One"}
    exact = await one(either, sent["id"])
    assert exact["object"] == thing
    assert exact["actor"] == first["actor"]


async def test_head_of_a_list_has_its_length(tool: Tool) -> None:
    got, asked = await tool.get(PATH), await tool.call("HEAD", PATH)
    assert asked.status_code == 200
    assert asked.content == b""
    assert asked.headers["content-type"] == got.headers["content-type"]


async def test_everything_has_a_place_in_an_unfiltered_list(issue: Issue, elsewhere: Tool) -> None:
    sent = [statement() for _ in range(3)]
    await stored(elsewhere, *sent)
    assert [each["id"] for each in await listed(elsewhere)] == [each["id"] for each in sent[::-1]]
    assert [each["id"] for each in await listed(elsewhere, ascending="true")] == [each["id"] for each in sent]
