"""What one part ends or changes while another part still holds something of it."""

from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI

from services.auth.erasure.service import erase_due
from tests.integration.auth.life.records import Records, merge, problem
from tests.integration.auth.places import PASSWORD, Place, Somebody, new_place
from tests.integration.auth.tokens.grants import REDIRECT, Application, application, grant, refused


@pytest.fixture(scope="module")
async def place(auth_app: FastAPI) -> Place:
    return await new_place(auth_app)


@pytest.fixture(scope="module")
async def school(place: Place) -> UUID:
    return await place.organisation()


@pytest.fixture(scope="module")
async def adult(place: Place, school: UUID) -> Somebody:
    return await place.somebody(school, "staff")


@pytest.fixture
async def web(auth_app: FastAPI) -> Application:
    return await application(auth_app, "web")


async def invite(who: Somebody, child: UUID) -> str:
    made = await who.http.post(f"/v1/people/{child}/guardian-invitations", json={"relation": "aunt"})
    assert made.status_code == 201, made.text
    code: str = made.json()["code"]
    return code


async def answer(who: Somebody, code: str) -> httpx.Response:
    return await who.http.post("/v1/me/guardian-invitations", json={"code": code, "accept": True})


async def activate(http: httpx.AsyncClient, code: str) -> httpx.Response:
    return await http.post("/v1/activations", json={"code": code, "password": PASSWORD})


async def test_a_pupil_of_two_schools_is_not_erased_by_one(place: Place, school: UUID) -> None:
    head = await place.somebody(school, "administrator")
    pupil = await place.person(school)
    await place.role(pupil, await place.organisation(), "student")
    assert problem(await head.http.post(f"/v1/people/{pupil}/erasure")) == (403, "not-in-charge")
    assert (await place.admin.http.post(f"/v1/people/{pupil}/erasure")).status_code == 202
    assert problem(await head.http.delete(f"/v1/people/{pupil}/erasure")) == (403, "not-in-charge")


async def test_invitations_of_a_suspended_guardian_are_void(
    place: Place, school: UUID, adult: Somebody
) -> None:
    guardian, child = await place.somebody(school, "guardian"), await place.person(school)
    await Records(place).guardian(guardian.id, child)
    code = await invite(guardian, child)
    suspension = f"/v1/people/{guardian.id}/account/suspension"
    assert (await place.admin.http.post(suspension)).status_code == 204
    assert problem(await answer(adult, code)) == (422, "invitation-refused")
    assert (await place.admin.http.delete(suspension)).status_code == 204
    assert (await answer(adult, code)).json()["state"] == "linked"


@pytest.mark.parametrize("how", ["dismissed", "suspended"])
async def test_codes_of_an_administrator_of_before_are_void(
    place: Place, school: UUID, http: httpx.AsyncClient, how: str
) -> None:
    head, pupil = await place.somebody(school, "administrator"), await place.person(school)
    path = f"/v1/people/{pupil}/activation-codes"
    issued = await head.http.post(path, json={"username": f"u-{uuid4().hex}"})
    if how == "dismissed":
        role = await Records(place).pool.fetchval(
            "select id from role_assignment where person_id = $1", head.id
        )
        assert (await place.admin.http.delete(f"/v1/roles/{role}")).status_code == 204
    else:
        assert (await place.admin.http.post(f"/v1/people/{head.id}/account/suspension")).status_code == 204
    assert problem(await activate(http, issued.json()["code"])) == (422, "code-refused")
    again = await place.admin.http.post(path, json={})
    assert (await activate(http, again.json()["code"])).status_code == 200


async def test_attack_29_a_code_ends_with_the_address_it_was_sent_to(
    place: Place, school: UUID, web: Application, adult: Somebody, http: httpx.AsyncClient
) -> None:
    code = await grant(web, adult)
    set_addresses = "update client set redirect_uris = $2 where id = $1"
    pool = place.app.state.database.pool
    await pool.execute(set_addresses, web.id, ["https://app.example/other"])
    refused(await web.ask(http, **code.form()), "invalid_grant")
    await pool.execute(set_addresses, web.id, [REDIRECT])
    assert (await web.ask(http, **code.form())).status_code == 200, "a refusal uses nothing up"


async def test_attack_30_a_code_ends_with_its_persons_record(
    place: Place, school: UUID, web: Application, http: httpx.AsyncClient
) -> None:
    person = await place.somebody(school)
    code = await grant(web, person)
    close = "update person set status = 'closed' where id = $1"
    await place.app.state.database.pool.execute(close, person.id)
    refused(await web.ask(http, **code.form()), "invalid_grant")


async def test_nobody_becomes_the_own_guardian_by_a_merge(place: Place, school: UUID) -> None:
    records = Records(place)
    child = await place.somebody(school, birth_date="2009-01-01")
    helper = await place.person(school, "guardian", birth_date="2009-01-01")
    request = await _accepted(records, await invite(place.admin, child.id), child.id, helper)
    assert (await merge(place.admin.http, child.id, helper)).status_code == 204
    assert (await child.http.get("/v1/me/guardian-requests")).json() == {"items": []}
    agreed = await child.http.put(f"/v1/me/guardian-requests/{request}", json={"agree": True})
    assert problem(agreed) == (404, "not-found")


@pytest.mark.parametrize("what", ["guardian", "inviter", "age"])
async def test_a_child_agrees_to_those_only_who_may_still_be_guardians(
    place: Place, school: UUID, what: str
) -> None:
    records = Records(place)
    child = await place.somebody(school, birth_date="2009-01-01")
    inviter, helper = await place.somebody(school, "administrator"), await place.somebody(school, "staff")
    request = await _accepted(records, await invite(inviter, child.id), child.id, helper.id)
    if what == "age":
        changed = await place.admin.http.patch(f"/v1/people/{child.id}", json={"birth_date": "2020-01-01"})
        assert changed.status_code == 200
    else:
        gone = helper if what == "guardian" else inviter
        ended = await place.admin.http.post(f"/v1/people/{gone.id}/account/suspension")
        assert ended.status_code == 204
    path = f"/v1/me/guardian-requests/{request}"
    agreed = await child.http.put(path, json={"agree": True})
    assert agreed.status_code in (403, 404, 409, 422), agreed.text
    assert await records.count("guardianship", child_id=child.id) == 0
    assert (await child.http.put(path, json={"agree": False})).status_code == 204, "one may always decline"


async def _accepted(records: Records, _code: str, child: UUID, by: UUID) -> UUID:
    request: UUID = await records.pool.fetchval(
        "update guardian_invitation set state = 'accepted', accepted_by = $2, accepted_at = now()"
        " where child_id = $1 returning id",
        child,
        by,
    )
    return request


async def test_guardians_lose_their_place_with_an_erased_child(place: Place, school: UUID) -> None:
    records = Records(place)
    guardian, child = await place.somebody(school, "staff"), await place.person(school)
    assert (await answer(guardian, await invite(place.admin, child))).json()["state"] == "linked"
    assert "guardian" in await _roles(guardian)
    assert (await guardian.http.post(f"/v1/me/children/{child}/erasure")).status_code == 202
    await records.pool.execute("update erasure set due_at = now() where person_id = $1", child)
    await erase_due(place.app.state.database)
    assert await _roles(guardian) == ["staff"]
    _, told = await records.last(guardian.id)
    assert [role["role"] for role in told["roles"]] == ["staff"]


async def _roles(who: Somebody) -> list[Any]:
    return [role["role"] for role in (await who.http.get("/v1/me")).json()["roles"]]
