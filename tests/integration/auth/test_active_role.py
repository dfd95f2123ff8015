"""Which of a person's roles is active, and that the events tell only of roles in force."""

import json
from base64 import urlsafe_b64decode
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.auth.people import service as people
from tests.integration.auth.places import Place, Somebody, sign_in


@pytest.fixture
async def school(here: Place) -> UUID:
    return await here.organisation(name="Yucai")


async def active(who: Somebody) -> list[str]:
    roles = (await who.http.get("/v1/me")).json()["roles"]
    return [one["role"] for one in roles if one["active"]]


async def choose(who: Somebody, role: object) -> int:
    answer = await who.http.put("/v1/me/active-role", json={"role": str(role)})
    return answer.status_code


async def test_the_primary_role_is_active_until_another_is_chosen(here: Place, school: UUID) -> None:
    who = await here.somebody(school, "teacher")
    assert await active(who) == ["teacher"]
    head = await here.role(who.id, school, "administrator")
    assert await active(who) == ["teacher"], "the primary one"
    assert await choose(who, head) == 204
    assert await active(who) == ["administrator"]
    assert who.session is not None
    pool = here.app.state.database.pool
    told = await people.active_role(pool, who.session)
    assert told is not None
    assert (told.id, told.role, told.organisation) == (head, "administrator", school)
    again = await sign_in(here.app, who.username, who.password)
    assert await active(again) == ["teacher"], "each session has its own"
    assert (await here.admin.http.delete(f"/v1/roles/{head}")).status_code == 204
    assert await active(who) == ["teacher"], "a role that has ended is not active"
    entries = (await who.http.get("/v1/audit")).json()["items"]
    assert "role.activated" in [one["action"] for one in entries]


async def test_the_token_of_a_sign_in_names_the_active_role(here: Place, school: UUID) -> None:
    who = await here.somebody(school, "teacher")
    await here.role(who.id, school, "assessor")
    body = {"person": str(who.id), "organisation": str(school), "role": "staff", "from": "2999-01-01"}
    assert (await here.admin.http.post("/v1/roles", json=body)).status_code == 201
    token = who.http.headers["Authorization"].removeprefix("Bearer ")
    claims = json.loads(urlsafe_b64decode(token.split(".")[1] + "=="))
    assert claims["role"] == {"role": "teacher", "organisation": str(school)}
    roles = (await who.http.get("/v1/me")).json()["roles"]
    assert {one["role"]: one["in_force"] for one in roles} == {
        "teacher": True,
        "assessor": True,
        "staff": False,
    }


async def test_without_a_primary_role_the_strongest_is_active(here: Place, school: UUID) -> None:
    who = await here.somebody(school, "guardian")
    await here.role(who.id, school, "teacher")
    await here.role(who.id, school, "registrar")
    pool = here.app.state.database.pool
    await pool.execute("update role_assignment set is_primary = false where person_id = $1", who.id)
    assert await active(who) == ["registrar"]
    await pool.execute("update role_assignment set ends_on = today() - 1 where person_id = $1", who.id)
    assert await active(who) == []
    assert who.session is not None
    assert await people.active_role(pool, who.session) is None


async def test_attack_61_nobody_acts_in_a_role_of_somebody_else(here: Place, school: UUID) -> None:
    who, other = await here.somebody(school), await here.somebody(school, "teacher")
    theirs = (await other.http.get("/v1/me")).json()["roles"][0]["id"]
    assert await choose(who, theirs) == 404
    assert await choose(who, uuid4()) == 404
    assert await choose(who, "emperor") == 422
    later = {"person": str(who.id), "organisation": str(school), "role": "assessor", "from": "2999-01-01"}
    granted = await here.admin.http.post("/v1/roles", json=later)
    assert await choose(who, granted.json()["id"]) == 404, "not yet in force"
    mass = {"role": str(uuid4()), "organisation": str(here.root)}
    assert (await who.http.put("/v1/me/active-role", json=mass)).status_code == 422


async def test_events_tell_of_roles_in_force_today_only(here: Place, school: UUID) -> None:
    person = await here.person(school, "teacher")
    body: dict[str, Any] = {"person": str(person), "organisation": str(school)}
    for role, days in [
        ("assessor", {"from": "2999-01-01"}),
        ("staff", {"to": "2020-01-01"}),
        ("auditor", {"from": "2020-01-01", "to": "2999-01-01"}),
    ]:
        assert (await here.admin.http.post("/v1/roles", json=body | days | {"role": role})).status_code == 201
    data = await here.app.state.database.pool.fetchval(
        "select data from outbox where subject = $1 order by position desc limit 1", str(person)
    )
    assert {one["role"] for one in json.loads(data)["roles"]} == {"teacher", "auditor"}
