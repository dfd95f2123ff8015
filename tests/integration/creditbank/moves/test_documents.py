"""A node believes what a document proves, of the node that hands it over, and nothing else."""

import json
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import asyncpg
import pytest

from tests.integration.creditbank.moves.conftest import Node, Nodes, problem, redeem
from tests.issuer import bearer

Document = dict[str, Any]


def _restate(document: Document, change: Callable[[dict[str, Any]], None], commit: bool = False) -> None:
    """Alter the statement; with `commit` also the digest that the opened entry names."""
    statement = json.loads(document["statement"])
    change(statement)
    old = sha256(document["statement"].encode()).hexdigest()
    document["statement"] = json.dumps(statement, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    if commit:
        new = sha256(document["statement"].encode()).hexdigest()
        for entry in document["entries"]:
            entry["document"] = entry["document"].replace(old, new)


def _more(statement: dict[str, Any]) -> None:
    statement["books"][0]["lots"][0]["amount"] = "9.00"


def _other_learner(document: Document) -> None:
    other = "00000000-0000-7000-8000-000000000001"

    def change(statement: dict[str, Any]) -> None:
        statement["learner"] = statement["books"][0]["learner"] = other

    _restate(document, change)


def _lot_twice(document: Document) -> None:
    _restate(document, lambda told: told["books"][0]["lots"].append(told["books"][0]["lots"][0]))


def _entry_alone(document: Document) -> None:
    document["entries"][0]["document"] = document["entries"][0]["document"].replace('"1.00"', '"9.00"')


def _proof(document: Document) -> None:
    proof = document["entries"][0]["proof"]
    head, _, note = proof.partition("\n\n")
    document["entries"][0]["proof"] = head.replace("index ", "index 1") + "\n\n" + note


def _signature(document: Document) -> None:
    proof: str = document["entries"][0]["proof"]
    start = proof.rindex(" ") + 20
    document["entries"][0]["proof"] = (
        proof[:start] + ("A" if proof[start] != "A" else "B") + proof[start + 1 :]
    )


def _spaces(document: Document) -> None:
    document["statement"] = json.dumps(json.loads(document["statement"]), sort_keys=True)


def _nul(document: Document) -> None:
    _restate(document, lambda told: told["books"][0]["lots"][0].update(grade="\0"))


ALTERED: dict[str, Callable[[Document], None]] = {
    "more credits": lambda one: _restate(one, _more),
    "more credits, committed to anew": lambda one: _restate(one, _more, commit=True),
    "another learner": _other_learner,
    "a lot twice": _lot_twice,
    "another node": lambda one: _restate(one, lambda told: told.update(to="south")),
    "from another node": lambda one: _restate(one, lambda told: told.update({"from": "south"})),
    "another move": lambda one: _restate(
        one, lambda told: told.update(id="00000000-0000-7000-8000-000000000002")
    ),
    "another grade": lambda one: _restate(one, lambda told: told["books"][0]["lots"][0].update(grade="A+")),
    "a grade that no text holds": _nul,
    "no history": lambda one: _restate(one, lambda told: told.update(history=[])),
    "an unknown member": lambda one: _restate(one, lambda told: told.update(more=1)),
    "an amount of another form": lambda one: _restate(
        one, lambda told: told["books"][0]["lots"][0].update(amount="-1.00")
    ),
    "not canonical": _spaces,
    "not JSON": lambda one: one.update(statement="{"),
    "not an object": lambda one: one.update(statement="[]"),
    "too deep": lambda one: one.update(statement="[" * 100_000),
    "another entry": _entry_alone,
    "the entry twice": lambda one: one["entries"].append(one["entries"][0]),
    "another salt": lambda one: one["entries"][0].update(salt="0" * 64),
    "another place in the log": _proof,
    "another signature": _signature,
    "no proof": lambda one: one["entries"][0].update(proof=""),
    "an entry that is no object": lambda one: one["entries"][0].update(document="7"),
}


async def _sent(nodes: Nodes) -> bytes:
    who = nodes.west.district.students[0]
    await nodes.west.post(who, "1.00", attempt="A-1", grade="B")
    await nodes.west.post(who, "1.00")
    await redeem(nodes.west, who, (2, 100))
    await nodes.west.begin(who, "east")
    nodes.west.faults = ["lose"]
    await nodes.carry()
    return nodes.west.sent[0][1]


async def _hand(node: Node, headers: dict[str, str], document: Document) -> Any:
    return await node.bank.client.post("/v1/arrivals", json=document, headers=headers)


async def test_altered_documents_are_refused_and_change_nothing(nodes: Nodes) -> None:
    body = await _sent(nodes)
    for what, alter in ALTERED.items():
        document = json.loads(body)
        alter(document)
        answer = await _hand(nodes.east, nodes.token_of(nodes.west), document)
        assert problem(answer) == (422, "move-document-broken"), (what, answer.text)
    count = "select (select count(*) from entry) + (select count(*) from refused_arrival)"
    assert await nodes.east.database.pool.fetchval(count) == 0
    assert await nodes.carry() == 1
    await nodes.check()


async def test_bodies_of_another_form_are_told_where(nodes: Nodes) -> None:
    headers = nodes.token_of(nodes.west)
    for body in ({}, {"statement": "{}"}, {"statement": "{}", "entries": []}, {"statement": 7, "entries": 7}):
        answer = await _hand(nodes.east, headers, body)
        assert problem(answer) == (422, "invalid-request")
        assert answer.json()["errors"]


async def test_only_the_node_whose_move_it_is_hands_it_over(nodes: Nodes) -> None:
    """Another client, a person, an institution and a node that passes on what is not its own are refused."""
    document = json.loads(await _sent(nodes))
    east, issuer = nodes.east, nodes.issuer
    stranger = bearer(issuer.client(None, "urn:xuebu:creditbank", "credits.move"))
    assert problem(await _hand(east, stranger, document)) == (403, "node-needed")
    client = east.bank.of_client(nodes.west.district.school)
    assert problem(await _hand(east, client, document)) == (403, "insufficient-scope")
    student = east.bank.of_person(nodes.west.district.students[0], "credits.read credits.write")
    assert problem(await _hand(east, student, document)) == (403, "insufficient-scope")
    assert problem(await _hand(east, {}, document)) == (401, "unauthorized")
    # To the west east's move it would be: it is from another.
    assert problem(await _hand(nodes.west, nodes.token_of(east), document)) == (422, "move-document-broken")
    for path in (f"/v1/arrivals/{json.loads(document['statement'])['id']}/refusal", "/v1/arrivals"):
        answer = await east.bank.client.post(path, json={"reason": "x"}, headers=stranger)
        assert answer.status_code == 403
    transit = await east.bank.client.get("/v1/transit", headers=stranger)
    assert problem(transit) == (403, "node-needed")


async def test_a_refusal_is_only_of_the_own_moves(nodes: Nodes) -> None:
    """A node cannot keep another one's move from arriving: a refusal counts for the node that sent it."""
    body = await _sent(nodes)
    move = json.loads(json.loads(body)["statement"])["id"]
    await nodes.east.database.pool.fetchval("select refuse_arrival($1, 'south', 'withdrawn')", move)
    assert await nodes.carry() == 1
    assert (await nodes.west.moves(nodes.west.district.students[0]))[0]["state"] == "settled"


@pytest.mark.parametrize("what", ["departure", "departure_book", "arrival", "arrival_lot", "spent_elsewhere"])
async def test_the_service_itself_can_alter_no_move(nodes: Nodes, what: str) -> None:
    for act in (
        f"delete from {what}",
        f"update {what} set learner = 1",
        f"insert into {what} select * from {what}",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await nodes.west.database.pool.execute(act)
