"""Ways to another's account or authority that no single route shows."""

import asyncio
from typing import Any
from uuid import UUID

import pytest

from tests.integration.auth.places import PASSWORD, Place, connection


@pytest.fixture
async def school(here: Place) -> UUID:
    return await here.organisation()


async def test_a_code_from_before_a_promotion_is_worth_nothing(here: Place, school: UUID) -> None:
    """A head who keeps a teacher's code would otherwise sign in as what the teacher has become."""
    head = await here.somebody(school, "administrator")
    teacher = await here.person(school, "teacher")
    path = f"/v1/people/{teacher}/activation-codes"
    code = (await head.http.post(path)).json()["code"]
    promotion = await here.role(teacher, here.root, "assessor")
    async with connection(here.app) as http:
        refused = await http.post("/v1/activations", json={"code": code, "password": PASSWORD})
        assert (refused.status_code, refused.json()["type"].rpartition("/")[2]) == (422, "code-refused")
        assert (await here.admin.http.delete(f"/v1/roles/{promotion}")).status_code == 204
        accepted = await http.post("/v1/activations", json={"code": code, "password": PASSWORD})
        assert accepted.status_code == 200
        await here.role(teacher, here.root, "assessor")
        higher = (await here.admin.http.post(path)).json()["code"]
        accepted = await http.post("/v1/activations", json={"code": higher, "password": PASSWORD})
        assert accepted.status_code == 200


async def test_attack_63_the_last_administrator_is_one_who_can_sign_in(here: Place) -> None:
    me = (await here.admin.http.get("/v1/me")).json()
    mine, suspension = me["roles"][0]["id"], f"/v1/people/{me['id']}/account/suspension"
    by_hand = await here.person(here.root, "administrator")
    later = await here.somebody(here.root, "staff")
    body = {"person": str(later.id), "organisation": str(here.root), "role": "administrator"}
    assert (await here.admin.http.post("/v1/roles", json=body | {"from": "2999-01-01"})).status_code == 201
    for answer in (await here.admin.http.delete(f"/v1/roles/{mine}"), await here.admin.http.post(suspension)):
        assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (409, "last-administrator")
    second = await here.somebody(here.root, "administrator")
    assert (await here.admin.http.post(f"/v1/people/{by_hand}/account/suspension")).status_code == 204
    assert (await here.admin.http.post(f"/v1/people/{second.id}/account/suspension")).status_code == 204
    assert (await here.admin.http.delete(f"/v1/roles/{mine}")).status_code == 409
    assert (await here.admin.http.delete(f"/v1/people/{second.id}/account/suspension")).status_code == 204
    assert (await here.admin.http.post(suspension)).status_code == 204


async def test_a_role_ends_once_however_many_end_it(here: Place, school: UUID) -> None:
    role = await here.role(await here.person(school), school, "assessor")
    answers = await asyncio.gather(*(here.admin.http.delete(f"/v1/roles/{role}") for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [204] + [404] * 7
    told = await here.admin.http.get("/v1/audit", params={"organisation": str(school)})
    assert [one["action"] for one in told.json()["items"]].count("role.ended") == 1


async def test_attack_60_lists_show_no_organisation_that_its_own_address_hides(here: Place) -> None:
    district = await here.organisation(kind="district", name="District")
    ours = await here.organisation(district, name="Ours")
    theirs = await here.organisation(district, name="Theirs")
    below = await here.organisation(ours, kind="department", name="Below")
    pupil = await here.somebody(ours)
    staff = await here.somebody(district, "staff")
    client = await here.client(ours, "people.read")
    async with connection(here.app) as http:
        form = {"grant_type": "client_credentials"}
        pair = (client["client_id"], client["client_secret"])
        token = (await http.post("/oauth/token", data=form, auth=pair)).json()["access_token"]
    machine = connection(here.app, token=token)

    async def children(http: Any, organisation: UUID) -> list[str]:
        answer = await http.get(f"/v1/organisations/{organisation}/children")
        return [one["id"] for one in answer.json()["items"]] if answer.status_code == 200 else []

    assert (await pupil.http.get(f"/v1/organisations/{theirs}")).status_code == 404
    assert await children(pupil.http, district) == [str(ours)]
    assert await children(pupil.http, here.root) == [str(district)]
    assert await children(pupil.http, ours) == [str(below)]
    assert await children(staff.http, district) == [str(ours), str(theirs)]
    assert await children(machine, ours) == [str(below)]
    await machine.aclose()
