"""Becoming a guardian by invitation: who may invite, who may accept, and that an older child agrees."""

import asyncio
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from tests.integration.auth.places import Place, Somebody

YEAR = datetime.now(UTC).year


@pytest.fixture(scope="module")
async def world(auth_app: Any) -> Any:
    """A place, its school and an adult who is a guardian of nobody; shared by the tests of this file."""
    from tests.integration.auth.places import new_place

    here = await new_place(auth_app)
    school = await here.organisation(name="Yucai")
    return here, school, await here.somebody(school, "staff")


@pytest.fixture
def here(world: Any) -> Place:
    place: Place = world[0]
    return place


@pytest.fixture
def school(world: Any) -> UUID:
    identifier: UUID = world[1]
    return identifier


@pytest.fixture
def adult(world: Any) -> Somebody:
    somebody: Somebody = world[2]
    return somebody


async def pupil(here: Place, school: UUID, age: int = 9) -> UUID:
    return await here.person(school, birth_date=f"{YEAR - age}-01-01")


async def invite(who: Somebody, child: UUID, **more: Any) -> httpx.Response:
    body = {"relation": "mother"} | more
    return await who.http.post(f"/v1/people/{child}/guardian-invitations", json=body)


async def answer(who: Somebody, code: str, *, accept: bool = True) -> httpx.Response:
    return await who.http.post("/v1/me/guardian-invitations", json={"code": code, "accept": accept})


def problem(answered: httpx.Response) -> tuple[int, str]:
    return answered.status_code, answered.json()["type"].rpartition("/")[2]


async def test_a_guardian_is_linked_by_an_accepted_invitation(
    here: Place, school: UUID, adult: Somebody
) -> None:
    child = await pupil(here, school)
    made = await invite(here.admin, child)
    assert (made.status_code, made.headers["cache-control"]) == (201, "no-store")
    code = made.json()["code"]
    path = f"/v1/people/{child}/guardian-invitations"
    waiting = (await here.admin.http.get(path)).json()["items"]
    assert [(one["id"], one["state"], "code" in one) for one in waiting] == [
        (made.json()["id"], "open", False)
    ]
    answered = await answer(adult, code.lower().replace("-", " "))
    assert answered.json() == {
        "state": "linked",
        "child": {"person": str(child), "given_name": "Li", "family_name": "Chen"},
    }
    assert str(child) in [one["person"] for one in (await adult.http.get("/v1/me/children")).json()["items"]]
    me = (await adult.http.get("/v1/me")).json()
    assert ("guardian", str(school)) in [(one["role"], one["organisation"]["id"]) for one in me["roles"]]
    assert (await here.admin.http.get(path)).json()["items"] == []
    assert problem(await answer(adult, code)) == (422, "invitation-refused"), "once"
    again = (await invite(here.admin, child)).json()["code"]
    assert problem(await answer(adult, again)) == (409, "guardian-already")
    assert (await adult.http.delete(f"/v1/me/children/{child}")).status_code == 204
    me = (await adult.http.get("/v1/me")).json()
    assert "guardian" not in [one["role"] for one in me["roles"]], "nobody to care for at this school"
    assert (await answer(adult, again)).json()["state"] == "linked"
    audit = await here.admin.http.get("/v1/audit", params={"organisation": str(school), "limit": 200})
    done = [one["action"] for one in audit.json()["items"] if one["subject"] == str(child)]
    for action in ("guardian.invited", "guardian.linked", "guardian.unlinked"):
        assert action in done
    own = (await adult.http.get("/v1/audit")).json()["items"]
    about = [one["action"] for one in own if one["data"].get("child") == str(child)]
    assert about == ["guardian.linked", "guardian.unlinked", "guardian.linked"], "and the guardian finds it"
    await adult.http.delete(f"/v1/me/children/{child}")


async def test_a_child_of_fourteen_agrees_first(here: Place, school: UUID, adult: Somebody) -> None:
    child = await here.somebody(school)
    await here.admin.http.patch(f"/v1/people/{child.id}", json={"birth_date": f"{YEAR - 15}-01-01"})
    for agree in (False, True):
        code = (await invite(here.admin, child.id)).json()["code"]
        assert (await answer(adult, code)).json()["state"] == "accepted"
        assert (await adult.http.get("/v1/me/children")).json()["items"] == []
        assert (await adult.http.get("/v1/me/guardian-requests")).json()["items"] == []
        (request,) = (await child.http.get("/v1/me/guardian-requests")).json()["items"]
        assert (request["person"], request["relation"]) == (str(adult.id), "mother")
        path = f"/v1/me/guardian-requests/{request['id']}"
        assert (await adult.http.put(path, json={"agree": True})).status_code == 404, "not the child"
        assert (await child.http.put(path, json={"agree": agree})).status_code == 204
        assert (await child.http.put(path, json={"agree": True})).status_code == 404, "answered"
        children = (await adult.http.get("/v1/me/children")).json()["items"]
        assert [one["consent"] for one in children] == (["not-needed"] if agree else [])
    assert (await adult.http.delete(f"/v1/me/children/{child.id}")).status_code == 204


async def test_an_invitation_can_be_refused_and_revoked(here: Place, school: UUID, adult: Somebody) -> None:
    child = await pupil(here, school)
    code = (await invite(here.admin, child)).json()["code"]
    assert (await answer(adult, code, accept=False)).json()["state"] == "refused"
    assert problem(await answer(adult, code)) == (422, "invitation-refused")
    made = (await invite(here.admin, child)).json()
    path = f"/v1/guardian-invitations/{made['id']}"
    assert (await adult.http.delete(path)).status_code == 403, "who reads the child may not change this"
    pupil_elsewhere = await here.somebody(await here.organisation(name="Other"))
    assert (await pupil_elsewhere.http.delete(path)).status_code == 404
    assert (await here.admin.http.delete(path)).status_code == 204
    assert (await here.admin.http.delete(path)).status_code == 404
    assert problem(await answer(adult, made["code"])) == (422, "invitation-refused")
    late = (await invite(here.admin, child)).json()
    await here.app.state.database.pool.execute(
        "update guardian_invitation set expires_at = now() where id = $1", UUID(late["id"])
    )
    assert problem(await answer(adult, late["code"])) == (422, "invitation-refused")


async def test_attack_61_who_may_invite_a_guardian(
    here: Place, school: UUID, adult: Somebody, place: Any
) -> None:
    child = await pupil(here, school)
    friend = await here.somebody(school)
    elsewhere: Place = await place()
    assert (await invite(adult, child)).status_code == 403, "staff read, administrators and guardians invite"
    assert (await invite(friend, child)).status_code == 404
    assert (await invite(elsewhere.admin, child)).status_code == 404
    assert (await invite(friend, friend.id)).status_code == 403, "nobody invites the own guardian"
    code = (await invite(here.admin, child)).json()["code"]
    assert (await answer(adult, code)).status_code == 200
    second = await here.somebody(school, "teacher")
    invited = await invite(adult, child)
    assert invited.status_code == 201, "a guardian invites another"
    assert problem(await answer(adult, invited.json()["code"])) == (409, "invitation-of-oneself")
    await adult.http.delete(f"/v1/me/children/{child}")
    refused = await answer(second, invited.json()["code"])
    assert problem(refused) == (422, "invitation-refused"), "who gave it is no guardian any more"


async def test_attack_61_children_are_nobody_s_guardians(here: Place, school: UUID) -> None:
    child = await pupil(here, school)
    friend = await here.somebody(school)
    code = (await invite(here.admin, child)).json()["code"]
    assert problem(await answer(friend, code)) == (403, "guardian-not-of-age")
    older = await here.somebody(school, "staff")
    await here.admin.http.patch(f"/v1/people/{older.id}", json={"birth_date": f"{YEAR - 16}-01-01"})
    assert problem(await answer(older, code)) == (403, "guardian-not-of-age")
    mine = (await invite(here.admin, friend.id)).json()["code"]
    assert problem(await answer(friend, mine)) == (409, "invitation-of-oneself")
    assert problem(await answer(here.admin, mine)) == (409, "invitation-of-oneself")


async def test_attack_48_one_code_makes_one_guardian(here: Place, school: UUID) -> None:
    child = await pupil(here, school)
    code = (await invite(here.admin, child)).json()["code"]
    adults = [await here.somebody(school, "staff") for _ in range(3)]
    answers = await asyncio.gather(*(answer(who, code) for who in adults for _ in range(2)))
    assert sorted(one.status_code for one in answers) == [200] + [422] * 5


async def test_only_so_many_invitations_of_a_child(here: Place, school: UUID) -> None:
    child = await pupil(here, school)
    made = [await invite(here.admin, child) for _ in range(5)]
    await here.admin.http.delete(f"/v1/guardian-invitations/{made[0].json()['id']}")
    assert problem(await invite(here.admin, child)) == (409, "too-many-invitations"), "mail to strangers"


async def test_an_invitation_goes_by_mail_where_there_is_an_address(here: Place, school: UUID) -> None:
    child = await pupil(here, school)
    address = f"{uuid4().hex}@mail.example"
    made = (await invite(here.admin, child, email=address)).json()
    assert made["code"] is None, "whoever invites need not know it"
    body = await here.app.state.database.pool.fetchval("select body from mail where recipient = $1", address)
    assert "/invitations" in body
    assert "Li Chen" in body
    assert "http://auth.example" in body


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"relation": ""},
        {"relation": "x" * 61},
        {"relation": "a\nb"},
        {"relation": "mother", "email": "nobody"},
        {"relation": "mother", "child": str(uuid4())},
        {"relation": "mother", "state": "linked"},
        [],
    ],
)
async def test_attack_59_invitations_that_are_none(here: Place, school: UUID, body: Any) -> None:
    child = here.admin.id
    answered = await here.admin.http.post(f"/v1/people/{child}/guardian-invitations", json=body)
    assert answered.status_code == 422


async def test_a_person_on_no_roster_is_invited(here: Place, school: UUID) -> None:
    path = f"/v1/organisations/{school}/invitations"
    body = {"given_name": "Wei", "family_name": "Sun", "role": "teacher", "username": f"w-{uuid4().hex}"}
    shown = await here.admin.http.post(path, json=body)
    assert (shown.status_code, shown.headers["cache-control"]) == (201, "no-store")
    activation = {"code": shown.json()["code"], "password": "seven green umbrellas"}
    activated = await here.admin.http.post("/v1/activations", json=activation)
    assert activated.json()["username"] == body["username"]
    address = f"{uuid4().hex}@mail.example"
    mailed = await here.admin.http.post(path, json=body | {"email": address, "username": f"v-{uuid4().hex}"})
    assert (mailed.status_code, mailed.json()["code"]) == (201, None)
    text = await here.app.state.database.pool.fetchval("select body from mail where recipient = $1", address)
    assert "/activate" in text
    taken = await here.admin.http.post(path, json=body)
    assert problem(taken) == (409, "username-taken")
    listed = (await here.admin.http.get(f"/v1/organisations/{school}/people?limit=200")).json()["items"]
    assert len([one for one in listed if one["given_name"] == "Wei"]) == 2, "who was not invited is not there"
    head = await here.somebody(await here.organisation(name="Other"), "administrator")
    assert (await head.http.post(path, json=body)).status_code == 404
    teacher = await here.somebody(school, "teacher")
    assert (await teacher.http.post(path, json=body)).status_code == 403
    wrongs: list[dict[str, Any]] = [
        {"role": "emperor"},
        {"id": str(uuid4())},
        {"is_admin": True},
        {"roles": []},
    ]
    for wrong in wrongs:
        assert (await here.admin.http.post(path, json=body | wrong)).status_code == 422
