"""A learner moves from one bank node to another: all credits leave, and the same lots arrive, once."""

from typing import Any
from uuid import UUID

from tests.integration.creditbank.conftest import item
from tests.integration.creditbank.moves.conftest import Node, Nodes, redeem, statement_of


async def test_the_same_lots_arrive_once(nodes: Nodes) -> None:
    west, east = nodes.west, nodes.east
    who = west.district.students[0]
    await west.post(who, "2.00", attempt="A-1", grade="A", earned_on="2025-01-31")
    await west.post(who, "0.50")
    made = await west.begin(who, "east")
    assert made["state"] == "open"
    assert made["credits"] == [{"scheme": "xuebu:credits", "credits": "2.50"}]
    assert await west.held(who) == {"moved": 250}
    assert await east.held(who) == {}
    await nodes.check(is_open=True)
    assert await west.in_transit() == 250
    assert await nodes.carry() == 1, await west.troubles()
    assert await nodes.carry() == 0
    shown = await west.bank.account(who)
    assert (shown["home"], shown["accounts"][0]["moved"]) == ("east", "2.50")
    assert (await east.bank.account(who))["home"] is None
    assert await east.held(who) == {"available": 250}
    query = (
        "select issuer, outcome, attempt, grade, earned_on, expires_on"
        " from lot t join learner l on l.number = t.learner where l.id = $1 order by earned_on"
    )
    before = [tuple(row) for row in await west.database.pool.fetch(query, who)]
    after = [tuple(row) for row in await east.database.pool.fetch(query, who)]
    assert before == after
    assert len(after) == 2
    listed = [
        (one["direction"], one["node"], one["state"]) for one in await west.moves(who) + await east.moves(who)
    ]
    assert listed == [("out", "east", "settled"), ("in", "west", "settled")]
    about = {"id": made["id"], "learner": str(who), "from": "west", "to": "east"}
    assert await west.told(made["id"]) == [
        about | {"version": 1, "state": "open"},
        about | {"version": 3, "state": "settled"},
    ]
    assert await east.told(made["id"]) == [about | {"version": 2, "state": "arrived"}]
    await nodes.check()


async def test_entries_of_a_move_are_in_both_logs_and_prove_themselves(nodes: Nodes) -> None:
    west, east = nodes.west, nodes.east
    who = west.district.students[0]
    await west.post(who, "1.00")
    made = await nodes.move(who, west, east)
    await east.seal()
    for node, kind in ((west, "departure"), (east, "arrival")):
        newest = (await node.bank.entries(who))["items"][0]
        assert (newest["kind"], newest["batch"]) == (kind, made["id"])
        proof = await node.get(who, f"/v1/accounts/me/entries/{newest['id']}/proof")
        assert proof.status_code == 200
    documents = [(await node.get(who, f"/v1/moves/{made['id']}/document")).json() for node in (west, east)]
    assert documents[0]["statement"] == documents[1]["statement"]
    assert statement_of(west.sent[0][1])["id"] == made["id"]


async def test_there_and_back_and_there_again(nodes: Nodes) -> None:
    west, east = nodes.west, nodes.east
    who = west.district.students[0]
    await nodes.enrol(who, east.district.school)
    await west.post(who, "1.00", attempt="A-1", key="first")
    for round_trip in range(2):
        await nodes.move(who, west, east)
        await east.post(who, "0.25", attempt=f"east-{round_trip}")
        await nodes.move(who, east, west)
        await west.post(who, "0.50", attempt=f"west-{round_trip}")
    assert (await west.held(who))["available"] == 250
    assert "available" not in await east.held(who)
    await nodes.check()


async def test_history_stays_and_is_told(nodes: Nodes) -> None:
    """What was spent stays where it was; the new node counts neither its keys nor its attempts anew."""
    west, east = nodes.west, nodes.east
    who = west.district.students[0]
    spent = await west.post(who, "2.00", attempt="A-1", key="spent")
    partly = await west.post(who, "3.00", attempt="A-2", key="partly")
    await redeem(west, who, (1, 200), (2, 100))
    await nodes.move(who, west, east)
    assert await west.held(who) == {"redeemed": 300, "moved": 200}
    assert await east.held(who) == {"available": 200}
    history = {one["attempt"]: one for one in statement_of(west.sent[0][1])["history"]}
    assert {name: (one["redeemed"], one["issued"]) for name, one in history.items()} == {
        "A-1": ("2.00", "2.00"),
        "A-2": ("1.00", "3.00"),
    }
    again = await west.bank.posted(west.district.school, *spent_again(west, who))
    assert [one["outcome"] for one in again["items"]] == ["replayed", "replayed"]
    at_east = await east.bank.posted(west.district.school, *spent_again(west, who))
    assert [(one["outcome"], one["entry"]) for one in at_east["items"]] == [
        ("replayed", spent[0]["entry"]),
        ("replayed", at_east["items"][1]["entry"]),
    ]
    assert at_east["items"][1]["entry"] != partly[0]["entry"]
    for attempt in ("A-1", "A-2"):
        (again,) = await east.post(who, "1.00", by=west.district, attempt=attempt)
        assert (again["outcome"], again["reason"]) == ("refused", "attempt_already_posted")
    await nodes.check()


def spent_again(node: Node, who: UUID) -> list[dict[str, Any]]:
    return [
        item(who, node.district.course, credits="2.00", attempt="A-1", key="spent"),
        item(who, node.district.course, credits="3.00", attempt="A-2", key="partly"),
    ]
