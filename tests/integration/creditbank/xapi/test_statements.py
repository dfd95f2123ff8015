"""Storing statements (xAPI 1.0.3, part three, 2.1.1 and 2.1.2; part two, 2.3.1)."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest

from tests.integration.creditbank.xapi.conftest import Issue, Tool
from tests.integration.creditbank.xapi.statements import (
    PATH,
    activity,
    agent,
    ids,
    listed,
    one,
    statement,
    stored,
)


async def test_2_1_2_post_answers_ids_in_order_and_makes_those_that_are_missing(either: Tool) -> None:
    named, nameless = statement(), statement()
    del nameless["id"]
    found = await stored(either, named, nameless)
    assert found[0] == named["id"]
    assert UUID(found[1])
    assert (await one(either, found[1]))["actor"] == nameless["actor"]


async def test_2_1_2_one_alone_is_answered_as_a_list(either: Tool) -> None:
    sent = statement()
    answer = await either.post(PATH, json=sent)
    assert answer.json() == [sent["id"]]
    assert answer.headers["X-Experience-API-Version"] == either.version


async def test_2_4_what_the_store_assigns(either: Tool) -> None:
    """Authority and stored are set whatever was sent; version and timestamp where they are missing."""
    sent = statement(authority=agent(), stored="2001-01-01T00:00:00Z")
    await stored(either, sent)
    found = await one(either, sent["id"])
    assert found["authority"]["account"]["name"] == either.credential["id"]
    assert found["stored"] > "2026"
    assert found["timestamp"] == found["stored"]
    assert found["version"] == ("1.0.0" if either.version == "1.0.3" else "2.0.0")
    told = statement(version="1.0.9", timestamp="2020-01-01T00:00:00.123456Z")
    await stored(either, told)
    found = await one(either, told["id"])
    assert (found["version"], found["timestamp"]) == ("1.0.9", told["timestamp"])


async def test_4_5_a_time_of_another_offset_comes_back_in_utc(either: Tool) -> None:
    sent = statement(timestamp="2026-06-30T08:00:00.5+08:00")
    await stored(either, sent)
    assert (await one(either, sent["id"]))["timestamp"] == "2026-06-30T00:00:00.5Z"


async def test_2_4_6_2_a_single_related_activity_comes_back_as_a_list(either: Tool) -> None:
    thing = activity()
    inner = {"objectType": "SubStatement", **statement(context={"contextActivities": {"other": thing}})}
    del inner["id"]
    sent = statement(context={"contextActivities": {"parent": thing}}, object=inner)
    await stored(either, sent)
    found = await one(either, sent["id"])
    assert found["context"]["contextActivities"] == {"parent": [thing]}
    assert found["object"]["context"]["contextActivities"] == {"other": [thing]}


async def test_2_1_1_put_takes_the_id_of_the_request(either: Tool) -> None:
    identifier = str(uuid4())
    sent = statement()
    del sent["id"]
    for _ in range(2):
        answer = await either.put(PATH, params={"statementId": identifier}, json=sent)
        assert (answer.status_code, answer.content) == (204, b"")
    assert (await one(either, identifier))["verb"] == sent["verb"]


@pytest.mark.parametrize(
    ("query", "body"),
    [
        ({}, statement()),
        ({"statementId": "x"}, statement()),
        ({"statementId": str(uuid4())}, statement()),
        ({"statementId": str(uuid4())}, [statement()]),
        ({"statementId": str(uuid4())}, statement(id=5)),
        ({"statementId": str(uuid4()), "limit": "1"}, statement()),
    ],
)
async def test_2_1_1_put_is_refused(either: Tool, query: dict[str, str], body: Any) -> None:
    assert (await either.put(PATH, params=query, json=body)).status_code == 400


async def test_2_2_a_bad_statement_sinks_its_batch_and_is_named(either: Tool) -> None:
    good, bad = statement(), statement(result={"score": {"scaled": 2}})
    answer = await either.post(PATH, json=[good, bad])
    assert answer.status_code == 400
    problem = answer.json()
    assert problem["path"] == "statements[1].result.score.scaled"
    assert problem["clause"] == (
        "xAPI 1.0.3 Data 2.4.5.1" if either.version == "1.0.3" else "IEEE 9274.1.1 4.2.2.4"
    )
    assert "-1" in problem["reason"]
    chinese = await either.post(PATH, json=[good, bad], headers={"Accept-Language": "zh-CN"})
    assert "介于" in chinese.json()["reason"]
    assert (await either.get(PATH, params={"statementId": good["id"]})).status_code == 404


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", b""),
        ("application/json", b"{"),
        ("application/json", b'"x"'),
        ("application/json", b"[1]"),
        ("application/json", b"[[]]"),
        ("application/json", b'{"actor":1,"actor":2}'),
        ("application/json", b'{"a":"\xff"}'),
        ("text/plain", orjson.dumps(statement())),
        ("application/x-www-form-urlencoded", b"a=b"),
        ("multipart/form-data; boundary=x", b"--x\r\n\r\nx\r\n--x--"),
        ("", orjson.dumps(statement())),
    ],
)
async def test_3_2_bodies_that_are_no_statements_are_refused_with_400(
    either: Tool, content_type: str, body: bytes
) -> None:
    answer = await either.post(PATH, content=body, headers={"Content-Type": content_type})
    assert answer.status_code == 400, answer.text


async def test_2_1_2_an_empty_batch_stores_nothing(either: Tool) -> None:
    assert (await either.post(PATH, json=[])).json() == []


async def test_2_1_2_the_same_id_twice_in_a_batch_is_400(either: Tool) -> None:
    sent = statement()
    other = {**sent, "id": sent["id"].upper()}
    answer = await either.post(PATH, json=[sent, other])
    assert answer.status_code == 400
    assert answer.json()["path"] == "statements[1].id"


async def test_2_3_1_sending_again_is_harmless(either: Tool) -> None:
    sent = [statement(timestamp="2026-06-30T08:00:00Z"), statement()]
    await stored(either, *sent)
    first = [await one(either, each["id"]) for each in sent]
    assert await stored(either, *sent) == [each["id"] for each in sent]
    assert [await one(either, each["id"]) for each in sent] == first
    assert len(await ids(either, verb=sent[0]["verb"]["id"])) == 1
    # what has come back may be sent again too, as another store does that passes it on
    assert await stored(either, *first) == [each["id"] for each in sent]


SAME = statement(
    actor={"objectType": "Group", "member": [{"mbox": "mailto:a@x.example"}, {"mbox": "mailto:b@x.example"}]},
    verb={"id": "https://x.example/v", "display": {"en": "did"}},
    object=activity("https://x.example/same", name={"en": "Same"}),
    result={"duration": "PT1.234S", "score": {"raw": 1}},
    timestamp="2026-06-30T08:00:00Z",
    context={
        "registration": "ec531277-b57b-4c15-8d91-d292c5b2b8f7",
        "extensions": {"https://x.example/e": 1},
    },
)
STILL_THE_SAME: dict[str, dict[str, Any]] = {
    "displays of verbs": {"verb": {"id": "https://x.example/v", "display": {"zh": "做了"}}},
    "definitions of activities": {"object": activity("https://x.example/same")},
    "order of members": {
        "actor": {
            "objectType": "Group",
            "member": [{"mbox": "mailto:b@X.example"}, {"mbox": "mailto:a@x.example"}],
        }
    },
    "zones of times": {"timestamp": "2026-06-30T16:00:00.000+08:00"},
    "below hundredths of seconds": {"result": {"duration": "PT1.23S", "score": {"raw": 1.0}}},
    "who vouches": {"authority": agent()},
    "when it was stored": {"stored": "2026-06-30T08:00:00Z"},
    "case of UUIDs": {
        "context": {
            "registration": "EC531277-B57B-4C15-8D91-D292C5B2B8F7",
            "extensions": {"https://x.example/e": 1},
        }
    },
}
SOMETHING_ELSE: dict[str, dict[str, Any]] = {
    "actor": {"actor": agent()},
    "verb": {"verb": {"id": "https://x.example/w"}},
    "object": {"object": activity("https://x.example/other")},
    "duration": {"result": {"duration": "PT1.24S", "score": {"raw": 1}}},
    "more": {"result": {"duration": "PT1.234S", "score": {"raw": 1}, "success": True}},
    "less": {"result": {"duration": "PT1.234S"}},
    "time": {"timestamp": "2026-06-30T08:00:01Z"},
    "extension": {
        "context": {
            "registration": SAME["context"]["registration"],
            "extensions": {"https://x.example/e": True},
        }
    },
}


@pytest.mark.parametrize("name", STILL_THE_SAME)
async def test_2_3_1_what_does_not_make_another_statement(either: Tool, name: str) -> None:
    sent = {**SAME, "id": str(uuid4())}
    await stored(either, sent)
    await stored(either, {**sent, **STILL_THE_SAME[name]})


@pytest.mark.parametrize("name", SOMETHING_ELSE)
async def test_2_3_1_other_content_under_an_id_is_409(either: Tool, name: str) -> None:
    sent, beside = {**SAME, "id": str(uuid4())}, statement()
    await stored(either, sent)
    before = await one(either, sent["id"])
    answer = await either.post(PATH, json=[beside, {**sent, **SOMETHING_ELSE[name]}])
    assert answer.status_code == 409
    assert answer.json()["statements"] == [sent["id"]]
    answer = await either.put(PATH, params={"statementId": sent["id"]}, json={**sent, **SOMETHING_ELSE[name]})
    assert answer.status_code == 409
    assert await one(either, sent["id"]) == before
    assert (await either.get(PATH, params={"statementId": beside["id"]})).status_code == 404


async def test_a_batch_half_of_which_is_there_stores_the_other_half(either: Tool) -> None:
    known, new = statement(), statement()
    await stored(either, known)
    assert await stored(either, new, known) == [new["id"], known["id"]]
    assert (await one(either, new["id"]))["actor"] == new["actor"]


async def test_a_lenient_request_stores_the_good_and_names_each_bad_one(either: Tool) -> None:
    taken = statement()
    await stored(either, taken)
    good, bad = statement(), statement(actor={})
    batch = [bad, good, {**taken, "actor": agent()}, 5, taken, {**good}]
    answer = await either.post(
        PATH, json=batch, headers={"Prefer": "handling=lenient", "Accept-Language": "zh"}
    )
    assert answer.status_code == 200
    assert answer.headers["Preference-Applied"] == "handling=lenient"
    told = answer.json()
    assert told["stored"] == [good["id"]]
    assert [(each["index"], each["path"], each["id"]) for each in told["refused"]] == [
        (0, "statements[0].actor", bad["id"]),
        (2, "statements[2].id", taken["id"]),
        (3, "statements[3]", None),
        (4, "statements[4].id", taken["id"]),
        (5, "statements[5].id", good["id"]),
    ]
    assert all(each["clause"] and each["message"] for each in told["refused"])
    assert (await one(either, good["id"]))["actor"] == good["actor"]


async def test_4_2_permissions(issue: Issue) -> None:
    reader, writer = await issue("statements/read"), await issue("statements/write")
    assert (await reader.post(PATH, json=statement())).status_code == 403
    assert (await writer.get(PATH)).status_code == 403
    assert (await writer.post(PATH, json=statement())).status_code == 200


async def test_4_2_mine_is_what_the_same_credential_wrote(issue: Issue, tool: Tool) -> None:
    mine = await issue("statements/write", "statements/read/mine")
    verb = {"id": statement()["verb"]["id"]}
    own, others = statement(verb=verb), statement(verb=verb)
    await stored(mine, own)
    await stored(tool, others)
    assert await ids(mine, verb=verb["id"]) == [own["id"]]
    assert await ids(mine, agent=orjson.dumps(others["actor"]).decode()) == []
    assert (await mine.get(PATH, params={"statementId": others["id"]})).status_code == 404
    assert set(await ids(tool, verb=verb["id"])) == {own["id"], others["id"]}


async def test_organisations_are_apart(issue: Issue, tool: Tool, elsewhere: Tool) -> None:
    """The same ids, agents, verbs and activities mean nothing across."""
    sent = statement()
    await stored(tool, sent)
    for query in (
        {"statementId": sent["id"]},
        {"voidedStatementId": sent["id"]},
    ):
        assert (await elsewhere.get(PATH, params=query)).status_code == 404
    for query in (
        {"verb": sent["verb"]["id"]},
        {"activity": sent["object"]["id"], "related_activities": "true"},
        {"agent": orjson.dumps(sent["actor"]).decode(), "related_agents": "true"},
        {},
    ):
        assert await ids(elsewhere, **query) == []
    await stored(elsewhere, {**sent, "actor": agent()})
    assert (await one(tool, sent["id"]))["actor"] == sent["actor"]
    assert len(await listed(elsewhere)) == 1


async def test_many_at_once_with_the_same_id_store_it_once(tool: Tool) -> None:
    sent = statement()
    answers = await asyncio.gather(*(tool.post(PATH, json=[statement(), sent]) for _ in range(8)))
    assert {answer.status_code for answer in answers} == {200}
    assert await ids(tool, verb=sent["verb"]["id"]) == [sent["id"]]


async def test_of_many_different_ones_with_the_same_id_one_is_stored(tool: Tool) -> None:
    sent = [statement(id="7f0f4a1c-6a38-4c7c-8e0f-1b6b0a5d1c11", actor=agent()) for _ in range(6)]
    answers = await asyncio.gather(*(tool.post(PATH, json=each) for each in sent))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409, 409, 409]
