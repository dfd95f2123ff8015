"""Moves that the other node does not take in come back, and nothing is ever at both nodes or at neither."""

import asyncio
from typing import Any

import orjson
import pytest

from libs.common.ids import new_id
from services.creditbank.learners.handlers import people_erased, people_merged
from tests.integration.creditbank.conftest import item
from tests.integration.creditbank.moves.conftest import DOES, Node, Nodes, problem, redeem
from tests.integration.creditbank.world import as_event, person, tell_of_people


async def _tell(node: Node, handler: Any, **told: Any) -> None:
    connection = await node.database.connect()
    async with connection.transaction():
        await handler(connection, [as_event({"version": 9, **told})])
    await connection.close()


async def _withdraw(node: Node, who: Any, move: str) -> Any:
    headers = node.bank.of_person(who, DOES)
    return await node.bank.client.post(f"/v1/moves/{move}/withdrawal", headers=headers)


async def test_a_withdrawn_move_returns_and_can_never_arrive(nodes: Nodes) -> None:
    west, east = nodes.west, nodes.east
    who = west.district.students[0]
    await west.post(who, "1.00", attempt="A-1")
    made = await west.begin(who, "east")
    west.faults = ["lose"]
    assert await nodes.carry() == 0
    assert await west.troubles() == ["Cut"]
    late = west.sent[0][1]
    assert (await _withdraw(west, who, made["id"])).json()["withdrawn"] is True
    assert await nodes.carry() == 1
    assert await west.held(who) == {"available": 100}
    shown = (await west.get(who, f"/v1/moves/{made['id']}")).json()
    assert (shown["state"], shown["reason"]) == ("returned", "withdrawn")
    assert [one["state"] for one in await west.told(made["id"])] == ["open", "returned"]
    assert await east.told(made["id"]) == []
    answer = await east.bank.client.post("/v1/arrivals", content=late, headers=_json(nodes.token_of(west)))
    assert answer.json() == {"move": made["id"], "state": "refused", "reason": "withdrawn"}
    assert await east.held(who) == {}
    assert (await west.post(who, "1.00"))[0]["outcome"] == "posted"
    await nodes.check()
    await nodes.move(who, west, east)
    assert await east.held(who) == {"available": 200}
    await nodes.check()


def _json(headers: dict[str, str]) -> dict[str, str]:
    return {**headers, "Content-Type": "application/json"}


async def test_a_withdrawal_that_comes_too_late_settles(nodes: Nodes) -> None:
    west, east = nodes.west, nodes.east
    who = west.district.students[0]
    await west.post(who, "1.00")
    made = await west.begin(who, "east")
    west.faults = ["hush"]
    assert await nodes.carry() == 0
    assert await east.held(who) == {"available": 100}
    await nodes.check(is_open=True)
    await _withdraw(west, who, made["id"])
    assert await nodes.carry() == 1
    assert (await west.get(who, f"/v1/moves/{made['id']}")).json()["state"] == "settled"
    assert await west.held(who) == {"moved": 100}
    await nodes.check()


async def test_an_attempt_with_credits_at_the_other_node_comes_back(nodes: Nodes) -> None:
    """Both nodes were sent the same attempt: the move would credit it twice, so it does not happen."""
    west, east = nodes.west, nodes.east
    who = west.district.students[0]
    await east.post(who, "1.00", by=west.district, attempt="A-1")
    await west.post(who, "1.00", attempt="A-1")
    made = await west.begin(who, "east")
    assert await nodes.carry() == 1
    shown = (await west.get(who, f"/v1/moves/{made['id']}")).json()
    assert (shown["state"], shown["reason"]) == ("returned", "attempt_already_posted")
    assert await west.held(who) == await east.held(who) == {"available": 100}
    await nodes.check()


async def test_a_learner_the_other_node_has_not_heard_of_waits(nodes: Nodes) -> None:
    west, east = nodes.west, nodes.east
    who = new_id()
    await tell_of_people(west.database, west.keys, person(who, ("student", west.district.school)))
    await west.post(who, "1.00")
    await west.begin(who, "east")
    assert await nodes.carry() == 0
    assert await west.troubles() == ["409 move-not-due-yet learner_unknown"]
    await nodes.check(is_open=True)
    await nodes.enrol(who, east.district.school, version=1)
    assert await nodes.carry() == 1
    assert await east.held(who) == {"available": 100}
    await nodes.check()


async def test_a_scheme_the_other_node_has_not_loaded_waits(nodes: Nodes) -> None:
    west, east = nodes.west, nodes.east
    who = west.district.students[0]
    add = "insert into scheme (id, code, title_en, title_zh, decimals) values ({}, 'o:o', 'O', 'O', 2)"
    owners = {node.name: await node.owner() for node in (west, east)}
    await owners["west"].execute(add.format(901))
    await west.bank.posted(west.district.school, item(who, west.district.course), scheme="o:o")
    await west.begin(who, "east")
    assert await nodes.carry() == 0
    assert await west.troubles() == ["409 move-not-due-yet scheme_unknown"]
    await owners["east"].execute(add.format(902))
    assert await nodes.carry() == 1
    await nodes.check()
    for owner in owners.values():
        await owner.close()


@pytest.mark.parametrize("west_knows", [True, False])
async def test_who_is_erased_on_the_way_returns_to_a_book_of_nobody(nodes: Nodes, west_knows: bool) -> None:
    west, east = nodes.west, nodes.east
    who = west.district.students[0]
    await west.post(who, "1.00", attempt="secret")
    number = await west.number(who)
    await west.begin(who, "east")
    west.faults = ["lose"]
    assert await nodes.carry() == 0
    if west_knows:
        await _tell(west, people_erased, id=who)
    else:
        await _tell(east, people_erased, id=who)
    assert await nodes.carry() == 1
    held = await west.database.pool.fetchrow(
        "select available, moved, away from account where learner = $1 and scheme = 1", number
    )
    assert held is not None
    assert tuple(held) == (100, 0, False)
    await _tell(west, people_erased, id=who)
    left = await west.database.pool.fetchval(
        "select count(*) from departure where statement is not null or requested_by = $1", who
    )
    assert left == 0
    await nodes.check()


async def test_erasure_after_the_move_leaves_nothing_to_read_at_either_node(nodes: Nodes) -> None:
    west, east = nodes.west, nodes.east
    who = west.district.students[0]
    await west.post(who, "2.00", attempt="secret")
    await redeem(west, who, (1, 50))
    await nodes.move(who, west, east)
    for node in (west, east):
        await _tell(node, people_erased, id=who)
    kept = "select statement from departure union all select statement from arrival"
    for node in (west, east):
        assert [row[0] for row in await node.database.pool.fetch(kept)] == [None]
        assert await node.database.pool.fetchval("select count(*) from spent_elsewhere") == 0
        assert (await node.get(who, "/v1/moves")).json()["items"] == []
    await nodes.check()


@pytest.mark.parametrize("when", ["before", "on the way", "after"])
async def test_merged_records_keep_their_own_books(nodes: Nodes, when: str) -> None:
    west, east = nodes.west, nodes.east
    kept, gone = west.district.students[:2]
    await west.post(kept, "1.00", attempt="A-1")
    await west.post(gone, "2.00", attempt="A-1")

    async def merge() -> None:
        for node in (west, east):
            await _tell(node, people_merged, id=gone, into=kept)

    if when == "before":
        await merge()
    await west.begin(kept, "east")
    if when == "on the way":
        await merge()
    await nodes.carry()
    if when == "after":
        await merge()
    if when != "before":  # the other record's book is at home here still, and is moved after
        assert await west.held(gone) == {"available": 200}
        await west.begin(gone, "east")
        assert await nodes.carry() == 1
    shown = await east.bank.account(kept)
    assert (shown["home"], shown["accounts"][0]["available"]) == (None, "3.00")
    assert (await west.bank.account(kept))["home"] == "east"
    assert await east.held(gone) == {"available": 200}
    (answer,) = await west.post(gone, "1.00")
    assert answer["reason"] == "learner_moved"
    await nodes.check()


async def test_the_same_document_many_times_at_once_arrives_once(nodes: Nodes) -> None:
    west, east = nodes.west, nodes.east
    who = west.district.students[0]
    await west.post(who, "1.00", "2.00", "3.00")
    await west.begin(who, "east")
    west.faults = ["lose"]
    await nodes.carry()
    body = west.sent[0][1]
    send = [
        east.bank.client.post("/v1/arrivals", content=body, headers=_json(nodes.token_of(west)))
        for _ in range(8)
    ]
    answers = await asyncio.gather(*send)
    assert {answer.content for answer in answers} == {answers[0].content}
    assert answers[0].json()["state"] == "applied"
    assert await east.held(who) == {"available": 600}
    assert await nodes.carry() == 1
    await nodes.check()


async def test_asked_for_many_times_at_once_a_learner_leaves_once(nodes: Nodes) -> None:
    west = nodes.west
    who = west.district.students[0]
    await west.post(who, "1.00")
    answers = await asyncio.gather(*(west.ask(who, "east", key="k") for _ in range(6)))
    answers += await asyncio.gather(*(west.ask(who, "east") for _ in range(6)))
    assert [answer.status_code for answer in answers[:6]] == [201] * 6
    assert {problem(answer) for answer in answers[6:]} == {(409, "move-under-way")}
    assert len(await west.moves(who)) == 1
    await nodes.carry()
    assert await nodes.east.held(who) == {"available": 100}
    await nodes.check()


async def test_refusal_and_arrival_at_once_agree(nodes: Nodes) -> None:
    """Whatever comes first, both get the same last word, and the credits are at one node."""
    west, east = nodes.west, nodes.east
    for who in west.district.students:
        await west.post(who, "1.00")
        made = await west.begin(who, "east")
        west.faults, west.sent = ["lose"], []
        await nodes.carry()
        headers = _json(nodes.token_of(west))
        body = orjson.dumps({"reason": "withdrawn"})
        answers = await asyncio.gather(
            east.bank.client.post("/v1/arrivals", content=west.sent[0][1], headers=headers),
            east.bank.client.post(f"/v1/arrivals/{made['id']}/refusal", content=body, headers=headers),
        )
        assert answers[0].json()["state"] == answers[1].json()["state"]
        assert await nodes.carry() == 1
        at = [(await node.held(who)).get("available", 0) for node in (west, east)]
        assert sorted(at) == [0, 100]
    await nodes.check()
