"""Who may move a learner, and who sees it."""

from uuid import uuid4

from libs.common.ids import new_id
from tests.integration.creditbank.moves.conftest import DOES, Nodes, problem
from tests.integration.creditbank.world import person, tell_of_people


async def test_others_moves_answer_like_absent_ones(nodes: Nodes) -> None:
    west = nodes.west
    who, other = west.district.students[:2]
    await west.post(who, "1.00")
    made = await west.begin(who, "east")
    path = f"/v1/moves/{made['id']}"
    nobody = f"/v1/moves/{new_id()}"
    for stranger in (other, new_id()):
        assert problem(await west.get(stranger, path)) == problem(await west.get(stranger, nobody))
        assert problem(await west.get(stranger, f"{path}/document")) == (404, "not-found")
        assert problem(await west.get(stranger, f"/v1/moves?learner={who}")) == (404, "not-found")
        assert problem(await west.ask(stranger, "east", learner=str(who))) == (404, "not-found")
        headers = west.bank.of_person(stranger, DOES)
        assert problem(await west.bank.client.post(f"{path}/withdrawal", headers=headers))[0] == 404
    assert await west.moves(other) == []


async def test_reading_does_not_move_and_a_client_has_no_account(nodes: Nodes) -> None:
    west = nodes.west
    who = west.district.students[0]
    await west.post(who, "1.00")
    body = {"key": uuid4().hex, "to": "east"}
    for headers, refusal in (
        (west.bank.of_person(who, "credits.read"), (403, "insufficient-scope")),
        (west.bank.of_client(west.district.school, "credits.write"), (403, "person-needed")),
        ({}, (401, "unauthorized")),
    ):
        assert problem(await west.bank.client.post("/v1/moves", json=body, headers=headers)) == refusal
    for wrong in ({}, {"key": "", "to": "east"}, {**body, "more": 1}, {**body, "learner": "x"}):
        answer = await west.bank.client.post("/v1/moves", json=wrong, headers=west.bank.of_person(who, DOES))
        assert problem(answer) == (422, "invalid-request")


async def test_administrators_of_the_learners_places_move_and_see_it(nodes: Nodes) -> None:
    west = nodes.west
    who = west.district.students[0]
    head, stranger, registrar = new_id(), new_id(), new_id()
    await tell_of_people(
        west.database,
        west.keys,
        person(head, ("administrator", west.district.district)),
        person(stranger, ("administrator", west.district.other_school)),
        person(registrar, ("registrar", west.district.school)),
    )
    await west.post(who, "1.00")
    for other in (stranger, registrar):
        assert problem(await west.ask(other, "east", learner=str(who))) == (404, "not-found")
    made = await west.begin(head, "east", learner=str(who))
    assert (await west.get(head, f"/v1/moves/{made['id']}")).json() == made
    assert (await west.get(head, f"/v1/moves?learner={who}")).json()["items"] == [made]
    assert await west.moves(who) == [made]
    # What it says of the learner in full is for the learner.
    await west.seal()
    assert problem(await west.get(head, f"/v1/moves/{made['id']}/document")) == (404, "not-found")
    headers = west.bank.of_person(head, DOES)
    answer = await west.bank.client.post(f"/v1/moves/{made['id']}/withdrawal", headers=headers)
    assert answer.json()["withdrawn"] is True
    await nodes.carry()
    assert await west.held(who) == {"available": 100}


async def test_a_child_and_its_guardians_move_it_by_consent(nodes: Nodes) -> None:
    west = nodes.west
    who, guardian = west.district.students[0], new_id()
    await west.post(who, "1.00")
    for version, consent, answer in ((5, "missing", 403), (6, "given", 201)):
        told = person(
            who,
            ("student", west.district.school),
            version=version,
            consent=consent,
            guardians=[{"person": str(guardian), "relation": "mother"}],
        )
        await tell_of_people(west.database, west.keys, told)
        for mover in (guardian, who):
            asked = await west.ask(mover, "east", learner=str(who), key=f"{mover} {consent}")
            # The second of those who may finds the move under way.
            assert asked.status_code == (409 if mover == who and answer == 201 else answer), consent
    shown = (await west.get(guardian, f"/v1/moves?learner={who}")).json()["items"]
    assert [one["state"] for one in shown] == ["open"]
