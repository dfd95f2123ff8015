"""What becomes of a learner's business at the node they moved away from, and on the way."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from libs.common.ids import new_id
from services.creditbank.ledger.problems import AccountMoved, CreditsInUse
from services.creditbank.ledger.rules import Part, Place
from tests.integration.creditbank.conftest import item
from tests.integration.creditbank.moves.conftest import DOES, Node, Nodes, problem, redeem
from tests.integration.creditbank.sending import HEADER, Files, row
from tests.integration.creditbank.world import person, tell_of_people


async def test_posting_is_refused_and_names_the_new_home(nodes: Nodes) -> None:
    west = nodes.west
    who, other = west.district.students[:2]
    first = item(who, west.district.course, key="first", attempt="A-1")
    posted = (await west.bank.posted(west.district.school, first))["items"][0]
    await nodes.move(who, west, nodes.east)
    fresh, of_other = item(who, west.district.course, attempt="A-2"), item(other, west.district.course)
    answers = (await west.bank.posted(west.district.school, fresh, first, of_other))["items"]
    assert answers[0] == {
        "key": fresh["key"], "outcome": "refused", "reason": "learner_moved", "home": "east",
        "message": "The learner moved to another bank node: send it there.",
    }  # fmt: skip
    assert (answers[1]["outcome"], answers[1]["entry"]) == ("replayed", posted["entry"])
    assert answers[2]["outcome"] == "posted"
    listed = (await west.get(who, "/v1/nodes")).json()
    assert listed == {"name": "west", "others": [{"name": "east", "address": "http://east.example"}]}
    at_east = (await nodes.east.bank.posted(west.district.school, fresh))["items"][0]
    assert at_east["outcome"] == "posted"
    await nodes.check()


async def test_a_key_with_other_content_conflicts_at_both_nodes(nodes: Nodes) -> None:
    west, east = nodes.west, nodes.east
    who = west.district.students[0]
    await west.post(who, "1.00", key="k")
    await west.post(who, "1.00", key="spent")
    await redeem(west, who, (2, 100))
    await nodes.move(who, west, east)
    for node in (west, east):
        for key in ("k", "spent"):
            (answer,) = await node.post(who, "2.00", by=west.district, key=key)
            assert answer["outcome"] == "conflict", (node.name, key)


async def test_another_scheme_is_no_way_round(nodes: Nodes) -> None:
    """An account that is opened after the learner left is away as the others are."""
    west = nodes.west
    who = west.district.students[0]
    for node in (west, nodes.east):
        owner = await node.owner()
        await owner.execute(
            "insert into scheme (id, code, title_en, title_zh, decimals) values (901, 'o:o', 'O', 'O', 2)"
        )
        await owner.close()
    await west.post(who, "1.00")
    await west.begin(who, "east")
    answer = await west.bank.posted(west.district.school, item(who, west.district.course), scheme="o:o")
    assert answer["items"][0]["reason"] == "learner_moved"
    await nodes.carry()
    answer = await nodes.east.bank.posted(west.district.school, item(who, west.district.course), scheme="o:o")
    assert answer["items"][0]["outcome"] == "posted"
    await nodes.check()


async def test_files_and_suspense_say_where_to_send_it(nodes: Nodes) -> None:
    west = nodes.west
    who = west.district.students[0]
    files = Files(west.bank, west.app, west.district.school)
    await west.post(who, "1.00")
    waiting = await files.done(HEADER + row("S-77"), suspend_unknown=True)
    assert waiting["suspended"] == 1
    await nodes.move(who, west, nodes.east)
    sent = await files.done(HEADER + row("S-0") + row("S-1"))
    assert await files.outcomes(sent["id"]) == [("refused", "learner_moved"), ("posted", None)]
    named = person(
        who,
        ("student", west.district.school),
        version=3,
        identifiers=[{"organisation": west.district.district, "sourced_id": "S-77"}],
    )
    await tell_of_people(west.database, west.keys, named)
    await west.database.pool.execute("update suspense set due = true")
    await west.app.state.file_worker.work_through()
    shown = await west.bank.client.get(
        f"/v1/institutions/{west.district.school}/suspense", headers=files.headers
    )
    assert [(one["state"], one["reason"]) for one in shown.json()["items"]] == [("refused", "learner_moved")]


async def test_nothing_is_spent_where_the_learner_left(nodes: Nodes) -> None:
    west = nodes.west
    who = west.district.students[0]
    posted = await west.bank.posted(west.district.school, item(who, west.district.course))
    await west.begin(who, "east")
    number = await west.number(who)
    connection = await west.database.connect()
    until = datetime.now(UTC) + timedelta(hours=1)
    for act in (
        west.app.state.ledger.redeem(connection, number, 1, [Part(1, 100)], key="r"),
        west.app.state.ledger.hold(
            connection, number, 1, [Part(1, 100)], key="h", until=until, purpose="test"
        ),
    ):
        with pytest.raises(AccountMoved) as refused:
            await act
        assert refused.value.extensions == {"home": "east"}
    await connection.close()
    office = new_id()
    await tell_of_people(west.database, west.keys, person(office, ("registrar", west.district.school)))
    path = f"/v1/deposits/{posted['batch']}/entries/{posted['items'][0]['entry']}/corrections"
    asked = await west.bank.client.post(
        path, json={"reason": "wrong"}, headers=west.bank.of_client(west.district.school)
    )
    decided = await west.bank.client.post(
        f"/v1/corrections/{asked.json()['id']}/decision",
        json={"decision": "approved"},
        headers=west.bank.of_person(office, DOES),
    )
    assert problem(decided) == (409, "account-moved")
    assert decided.json()["home"] == "east"


async def test_what_is_taken_back_after_the_move_follows_it(nodes: Nodes) -> None:
    """A redemption here is rescinded here; what comes free goes after the learner by a move of its own."""
    west, east = nodes.west, nodes.east
    who = west.district.students[0]
    await west.post(who, "3.00", attempt="A-1")
    spent = await redeem(west, who, (1, 200))
    await nodes.move(who, west, east)
    connection = await west.database.connect()
    await west.app.state.ledger.rescind(connection, spent.place, key="back")
    await connection.close()
    assert await west.held(who) == {"available": 200, "moved": 100}
    await nodes.check()
    assert problem(await west.ask(who, "south")) == (404, "node-unknown")
    made = await nodes.move(who, west, east)
    assert made["follows"] is True
    assert await east.held(who) == {"available": 300}
    await nodes.check()
    await nodes.move(who, east, west)
    assert (await west.held(who))["available"] == 300
    assert (await west.post(who, "1.00"))[0]["outcome"] == "posted"
    await nodes.check()


async def test_what_came_is_corrected_over_http_at_the_new_home(nodes: Nodes) -> None:
    """The institution finds it by what it knows; one asks, another decides; the learner may dispute it."""
    west, east, school = nodes.west, nodes.east, nodes.west.district.school
    who, office = west.district.students[0], new_id()
    await west.post(who, "1.00", attempt="whole", key="first")
    await nodes.move(who, west, east)
    await tell_of_people(east.database, east.keys, person(office, ("registrar", school)))
    client, registrar = east.bank.of_client(school), east.bank.of_person(office, DOES)
    for sought in ("attempt=whole", "key=first", f"learner={who}"):
        listed = await east.bank.client.get(f"/v1/institutions/{school}/postings?{sought}", headers=client)
        (found,) = listed.json()["items"]
        assert (found["kind"], found["credits"], found["attempt"]) == ("arrival", "1.00", "whole")
    path = f"/v1/deposits/{found['batch']}/entries/{found['entry']}/corrections"
    course = {"id": str(west.district.course)}
    more = {"course": course, "credits": "3.00", "earned_on": "2026-06-30", "attempt": "whole"}
    body = {"reason": "marked anew", "replacement": more}
    other = east.bank.of_client(west.district.other_school)
    assert problem(await east.bank.client.post(path, json=body, headers=other)) == (404, "not-found")
    about = {"about": {"kind": "entry", "id": found["entry"]}, "claim": "It was three.", "key": "c"}
    case = await east.bank.client.post("/v1/cases", json=about, headers=east.bank.of_person(who, DOES))
    assert (case.status_code, case.json()["institution"]["id"]) == (201, str(school))
    asked = (await east.bank.client.post(path, json=body, headers=client)).json()
    decision = f"/v1/corrections/{asked['id']}/decision"
    done = await east.bank.client.post(decision, json={"decision": "approved"}, headers=registrar)
    assert (done.status_code, done.json()["state"]) == (200, "approved"), done.text
    assert await east.held(who) == {"available": 300, "revoked": 100}
    await nodes.check()


async def test_what_came_can_be_revoked_at_the_new_home(nodes: Nodes) -> None:
    """Unless a part of it was used before the move: then it cannot be taken back as if it had not."""
    west, east = nodes.west, nodes.east
    who = west.district.students[0]
    await west.post(who, "1.00", attempt="whole")
    await west.post(who, "2.00", attempt="partly")
    await redeem(west, who, (2, 50))
    await nodes.move(who, west, east)
    connection = await east.database.connect()
    number = await east.number(who)
    await east.app.state.ledger.revoke(connection, Place(number, 1, 1), key="w")
    with pytest.raises(CreditsInUse):
        await east.app.state.ledger.revoke(connection, Place(number, 1, 2), key="p")
    await connection.close()
    assert await east.held(who) == {"available": 150, "revoked": 100}
    (again,) = await east.post(who, "1.00", by=west.district, attempt="whole")
    assert again["outcome"] == "posted"
    await nodes.check()


class Standing:
    """What stands in the way of a move, each made at a node for a student."""

    def __init__(self, node: Node, who: UUID) -> None:
        self.node = node
        self.who = who

    async def hold(self) -> None:
        number = await self.node.number(self.who)
        async with self.node.database.pool.acquire() as connection, connection.transaction():
            await self.node.app.state.ledger.hold(
                connection, number, 1, [Part(1, 100)], key="h",
                until=datetime.now(UTC) + timedelta(hours=1), purpose="test",
            )  # fmt: skip

    async def _as(self, person: UUID, path: str, body: dict[str, Any]) -> None:
        headers = self.node.bank.of_person(person, DOES)
        answer = await self.node.bank.client.post(path, json=body, headers=headers)
        assert answer.status_code in (200, 201), answer.text

    async def transfer(self) -> None:
        body = {"institution": str(self.node.district.other_school), "key": "t", "lots": [{"lot": 1}]}
        await self._as(self.who, "/v1/transfers", body)

    async def recognition(self) -> None:
        claims = [{"title": "Ten years a carpenter", "evidence": "Letters"}]
        body = {"institution": str(self.node.district.school), "key": "r", "claims": claims}
        await self._as(self.who, "/v1/recognitions", body)

    async def freeze(self) -> None:
        office = new_id()
        told = person(office, ("administrator", self.node.district.school))
        await tell_of_people(self.node.database, self.node.keys, told)
        await self._as(office, f"/v1/learners/{self.who}/freezes", {"reason": "a case"})


@pytest.mark.parametrize(
    ("what", "refusal"),
    [
        ("hold", "credits-held"),
        ("transfer", "requests-waiting"),
        ("recognition", "requests-waiting"),
        ("freeze", "account-frozen"),
    ],
)
async def test_what_stands_in_the_way_of_a_move(nodes: Nodes, what: str, refusal: str) -> None:
    west = nodes.west
    who = west.district.students[0]
    await west.post(who, "2.00")
    await getattr(Standing(west, who), what)()
    assert problem(await west.ask(who, "east")) == (409, refusal)
    assert (await west.held(who)).get("moved") is None
    await nodes.check()


async def test_moves_that_cannot_be(nodes: Nodes) -> None:
    west, east = nodes.west, nodes.east
    who, poor = west.district.students[:2]
    assert problem(await west.ask(poor, "east")) == (409, "nothing-to-move")
    assert problem(await west.ask(new_id(), "east")) == (409, "learner-unknown")
    await west.post(who, "1.00")
    key = uuid4().hex
    made = await west.begin(who, "east", key=key)
    assert await west.begin(who, "east", key=key) == made
    assert problem(await west.ask(who, "east")) == (409, "move-under-way")
    await nodes.carry()
    assert (await west.begin(who, "east", key=key))["state"] == "settled"
    assert problem(await west.ask(who, "east")) == (409, "nothing-to-move")
    response = await west.bank.client.post(
        f"/v1/moves/{made['id']}/withdrawal", headers=west.bank.of_person(who, DOES)
    )
    assert problem(response) == (409, "move-over")
    assert await east.held(who) == {"available": 100}
