"""Voiding, and statements that target others (part two, 2.3.2; part three, 2.1.3 and 2.1.4)."""

import asyncio
from itertools import permutations
from typing import Any
from uuid import uuid4

import orjson
import pytest

from tests.integration.creditbank.xapi.conftest import Issue, Tool
from tests.integration.creditbank.xapi.statements import (
    PATH,
    about,
    activity,
    agent,
    fresh,
    ids,
    statement,
    stored,
    voiding,
)


async def found(tool: Tool, name: str, identifier: str) -> bool:
    """Whether a statement is found under that parameter."""
    answer = await tool.get(PATH, params={name: identifier})
    assert answer.status_code in (200, 404)
    return answer.status_code == 200


async def assert_voided(tool: Tool, target: dict[str, Any]) -> None:
    assert not await found(tool, "statementId", target["id"])
    assert await found(tool, "voidedStatementId", target["id"])


async def assert_whole(tool: Tool, target: dict[str, Any]) -> None:
    assert await found(tool, "statementId", target["id"])
    assert not await found(tool, "voidedStatementId", target["id"])


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["after", "before"])
async def test_2_3_2_a_statement_is_voided_in_whatever_order_they_come(
    either: Tool, order: tuple[int, int], together: bool
) -> None:
    target = statement()
    both = (target, voiding(target))
    sent = [both[place] for place in order]
    if together:
        await stored(either, *sent)
    else:
        for each in sent:
            await stored(either, each)
    await assert_voided(either, target)
    await assert_whole(either, both[1])
    assert await ids(either, verb=target["verb"]["id"]) == [both[1]["id"]]


async def test_2_3_2_what_voids_cannot_be_voided(either: Tool) -> None:
    target = statement()
    first = voiding(target)
    second = voiding(first)
    await stored(either, target, first, second)
    await assert_voided(either, target)
    await assert_whole(either, first)
    await assert_whole(either, second)


async def test_2_3_2_voiding_what_is_not_there_is_accepted(either: Tool) -> None:
    lonely = voiding({"id": str(uuid4())})
    await stored(either, lonely)
    await assert_whole(either, lonely)


async def test_2_1_4_statements_about_a_voided_one_are_still_found(either: Tool) -> None:
    target = statement()
    comment = about(target)
    await stored(either, target, comment, voiding(target))
    assert comment["id"] in await ids(either, activity=target["object"]["id"])
    assert target["id"] not in await ids(either, activity=target["object"]["id"])


async def test_only_who_looks_after_everything_voids_what_others_vouch_for(issue: Issue, tool: Tool) -> None:
    writer = await issue("statements/write", "statements/read")
    own, others, unknown = statement(), statement(), statement()
    await stored(writer, own)
    await stored(tool, others)
    assert (await writer.post(PATH, json=[statement(), voiding(others)])).status_code == 403
    await assert_whole(tool, others)
    # one that is not known yet may come from anybody: then it stays as it is
    await stored(writer, voiding(own), voiding(unknown))
    await stored(tool, unknown)
    await assert_voided(tool, own)
    await assert_whole(tool, unknown)
    await stored(tool, voiding(others))
    await assert_voided(tool, others)


@pytest.mark.parametrize("order", list(permutations(range(4))), ids=str)
async def test_2_1_3_targeting_statements_are_found_by_what_they_target_in_any_order(
    tool: Tool, order: tuple[int, ...]
) -> None:
    """d targets c targets b targets a, and come in every order; all are found by what a says."""
    who, member, thing, registration = agent(), agent(), activity(), str(uuid4())
    a = statement(
        actor=who,
        object=thing,
        context={
            "registration": registration,
            "team": {"objectType": "Group", "member": [member]},
            "contextActivities": {"parent": activity(f"{thing['id']}/parent")},
        },
    )
    b = about(a)
    c = about(b)
    d = about(c)
    chain = (a, b, c, d)
    for place in order:
        await stored(tool, chain[place])
    everything = {each["id"] for each in chain}
    for query in (
        {"agent": orjson.dumps(who).decode()},
        {"agent": orjson.dumps(member).decode(), "related_agents": "true"},
        {"verb": a["verb"]["id"]},
        {"activity": thing["id"]},
        {"activity": f"{thing['id']}/parent", "related_activities": "true"},
        {"registration": registration},
        {"registration": registration, "verb": a["verb"]["id"], "activity": thing["id"]},
    ):
        assert set(await ids(tool, **query, limit="3")) == everything, query
        assert len(await ids(tool, **query)) == 4
    assert set(await ids(tool, verb=b["verb"]["id"])) == {b["id"], c["id"], d["id"]}
    # all filters hold of one and the same statement of the chain
    assert await ids(tool, verb=b["verb"]["id"], activity=thing["id"]) == []


async def test_2_1_3_times_are_those_of_the_targeting_statement(tool: Tool) -> None:
    target = statement()
    await stored(tool, target)
    await asyncio.sleep(0.002)
    comment = about(target)
    await stored(tool, comment)
    answer = (await tool.get(PATH, params={"statementId": comment["id"]})).json()
    found_by = {"verb": target["verb"]["id"]}
    assert await ids(tool, **found_by, since=(await _stored_at(tool, target))) == [comment["id"]]
    assert await ids(tool, **found_by, until=answer["stored"]) == [comment["id"], target["id"]]


async def _stored_at(tool: Tool, target: dict[str, Any]) -> str:
    answer = await tool.get(PATH, params={"statementId": target["id"]})
    told: str = answer.json()["stored"]
    return told


async def test_2_1_3_references_in_the_context_do_not_count(tool: Tool) -> None:
    target = statement()
    await stored(tool, target)
    await stored(tool, statement(context={"statement": {"objectType": "StatementRef", "id": target["id"]}}))
    assert await ids(tool, verb=target["verb"]["id"]) == [target["id"]]


async def test_statements_that_target_one_another_come_to_an_end(tool: Tool) -> None:
    first, second, own = (statement() for _ in range(3))
    for each, target in ((first, second), (second, first), (own, own)):
        each["object"] = {"objectType": "StatementRef", "id": target["id"]}
    for each in (first, second, own):
        await stored(tool, each)
    assert set(await ids(tool, verb=first["verb"]["id"])) == {first["id"], second["id"]}
    assert await ids(tool, verb=own["verb"]["id"]) == [own["id"]]


async def test_a_long_thread_is_followed_as_far_as_is_told(tool: Tool) -> None:
    thread = [statement()]
    for _ in range(40):
        thread.append(about(thread[-1]))
    await stored(tool, *thread)
    found_there = set(await ids(tool, verb=thread[0]["verb"]["id"]))
    assert found_there == {each["id"] for each in thread[:33]}


async def test_what_void_one_another_at_the_same_time_miss_nothing(tool: Tool) -> None:
    """Each pair in two requests at once: whichever is stored first, the target ends up voided."""
    targets = [statement(verb={"id": fresh("verb")}) for _ in range(24)]
    requests = [[target] for target in targets] + [[voiding(target)] for target in targets]
    answers = await asyncio.gather(*(tool.post(PATH, json=each) for each in requests))
    assert {answer.status_code for answer in answers} == {200}
    for target in targets:
        await assert_voided(tool, target)
        assert len(await ids(tool, verb=target["verb"]["id"])) == 1
