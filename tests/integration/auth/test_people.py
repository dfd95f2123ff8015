"""People, roles and accounts; attacks 59 to 63 and the ways into somebody else's account."""

import asyncio
import json
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI

from services.auth.people.service import record_people
from tests.integration.auth.places import PASSWORD, Place, Somebody, can_sign_in, connection, sign_in


@pytest.fixture
async def school(here: Place) -> UUID:
    return await here.organisation(name="Yucai")


async def grant(who: Somebody, person: UUID, organisation: UUID, role: str) -> httpx.Response:
    body = {"person": str(person), "organisation": str(organisation), "role": role}
    return await who.http.post("/v1/roles", json=body)


async def events_of(app: FastAPI, person: UUID) -> list[dict[str, Any]]:
    rows = await app.state.database.pool.fetch(
        "select data from outbox where subject = $1 order by position", str(person)
    )
    return [json.loads(row["data"]) for row in rows]


async def test_a_person_and_what_is_told_of_them(here: Place, school: UUID, auth_app: FastAPI) -> None:
    person = await here.person(school, "teacher", given_name="丽", family_name="陈", preferred_name="Lili")
    role = await here.role(person, here.root, "auditor")
    assert (await here.admin.http.delete(f"/v1/roles/{role}")).status_code == 204
    events = await events_of(auth_app, person)
    assert [one["version"] for one in events] == [1, 2, 3]
    assert [len(one["roles"]) for one in events] == [1, 2, 1]
    assert events[0] == {
        "id": str(person),
        "version": 1,
        "status": "active",
        "given_name": "丽",
        "family_name": "陈",
        "preferred_name": "Lili",
        "identifiers": [],
        "roles": [
            {"role": "teacher", "organisation": str(school), "primary": True, "from": None, "to": None}
        ],
        "guardians": [],
        "consent": "not-needed",
        "email": None,
    }


async def test_news_of_people_tell_their_mail_address(here: Place, school: UUID, auth_app: FastAPI) -> None:
    person = await here.person(school, "teacher")
    address = f"{person}@school.example"
    changed = await here.admin.http.patch(f"/v1/people/{person}", json={"email": address})
    assert changed.status_code == 200, changed.text
    assert [one["email"] for one in await events_of(auth_app, person)] == [None, address]


async def test_people_are_listed_by_name_in_pages(here: Place, school: UUID) -> None:
    for family, given in [("Zhao", "B"), ("chen", "a"), ("Chen", "B"), ("Zhao", "A")]:
        await here.person(school, family_name=family, given_name=given)
    await here.person(school, "teacher", family_name="Aa")
    shown: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = await here.admin.http.get(
            f"/v1/organisations/{school}/people?role=student&limit=2"
            + (f"&cursor={cursor}" if cursor else "")
        )
        shown += [f"{one['family_name']} {one['given_name']}" for one in page.json()["items"]]
        cursor = page.json()["next"]
    assert shown == ["chen a", "Chen B", "Zhao A", "Zhao B"]
    everybody = (await here.admin.http.get(f"/v1/organisations/{school}/people")).json()["items"]
    assert len(everybody) == 5


@pytest.mark.parametrize("cursor", ["x", "WyJhIl0", "W10", "e30", "bnVsbA", "WyJhIiwieCJd", "é", "WzEsMl0"])
async def test_cursors_that_no_list_gave(here: Place, school: UUID, cursor: str) -> None:
    address = f"/v1/organisations/{school}/people"
    assert (await here.admin.http.get(address, params={"cursor": cursor})).status_code == 422


async def test_who_reads_whom(here: Place, place: Any, school: UUID, auth_app: FastAPI) -> None:
    elsewhere = await place()
    other_school = await here.organisation(name="Other")
    pupil = await here.somebody(school)
    friend = await here.somebody(school)
    teacher = await here.somebody(school, "teacher")
    stranger = await here.somebody(other_school, "teacher")
    mother = await here.somebody(school, "guardian")
    await auth_app.state.database.pool.execute(
        "insert into guardianship (guardian_id, child_id, relation, origin)"
        " values ($1, $2, 'mother', 'hand')",
        mother.id,
        pupil.id,
    )
    for who, status, private in [
        (pupil, 200, True),
        (mother, 200, True),
        (here.admin, 200, True),
        (teacher, 200, False),
        (friend, 404, False),
        (stranger, 404, False),
        (elsewhere.admin, 404, False),
    ]:
        answer = await who.http.get(f"/v1/people/{pupil.id}")
        assert answer.status_code == status
        assert bool(answer.json().get("private")) is private
    assert (await mother.http.get("/v1/me")).json()["children"][0]["person"] == str(pupil.id)
    for who, status in [
        (teacher, 200),
        (here.admin, 200),
        (pupil, 403),
        (stranger, 404),
        (elsewhere.admin, 404),
    ]:
        assert (await who.http.get(f"/v1/organisations/{school}/people")).status_code == status
        expected = 200 if who is pupil else status
        assert (await who.http.get(f"/v1/organisations/{school}/classes")).status_code == expected


async def test_attack_61_roles_are_given_downwards_only(here: Place, school: UUID) -> None:
    other_school = await here.organisation(name="Other")
    head = await here.somebody(school, "administrator")
    teacher = await here.somebody(school, "teacher")
    pupil = await here.person(school)
    assert (await grant(head, pupil, school, "assessor")).status_code == 201
    assert (await grant(head, pupil, here.root, "student")).status_code == 403
    assert (await grant(head, pupil, other_school, "student")).status_code == 404
    assert (await grant(head, head.id, here.root, "administrator")).status_code == 403
    for role in ("administrator", "teacher", "student"):
        assert (await grant(teacher, teacher.id, school, role)).status_code == 403
    stranger = await here.person(other_school)
    assert (await grant(head, stranger, school, "student")).status_code == 404
    assert (await grant(head, uuid4(), school, "student")).status_code == 404
    assert (await grant(here.admin, stranger, school, "student")).status_code == 201
    assert (await grant(here.admin, stranger, school, "student")).status_code == 409
    assert (await grant(here.admin, stranger, school, "emperor")).status_code == 422


async def test_attack_61_roles_of_others_are_not_ended(here: Place, school: UUID) -> None:
    head = await here.somebody(school, "administrator")
    above = (await here.admin.http.get("/v1/me")).json()["roles"][0]["id"]
    assert (await head.http.delete(f"/v1/roles/{above}")).status_code == 403
    beside = await here.somebody(await here.organisation(name="Other"), "administrator")
    mine = (await head.http.get("/v1/me")).json()["roles"][0]["id"]
    assert (await beside.http.delete(f"/v1/roles/{mine}")).status_code == 404
    assert (await here.admin.http.delete(f"/v1/roles/{uuid4()}")).status_code == 404


async def test_attack_63_the_last_administrator_stays(here: Place) -> None:
    mine = (await here.admin.http.get("/v1/me")).json()["roles"][0]["id"]
    answer = await here.admin.http.delete(f"/v1/roles/{mine}")
    assert (answer.status_code, answer.json()["type"].rsplit("/", 1)[1]) == (409, "last-administrator")
    second = await here.somebody(here.root, "administrator")
    theirs = (await second.http.get("/v1/me")).json()["roles"][0]["id"]
    answers = await asyncio.gather(
        here.admin.http.delete(f"/v1/roles/{theirs}"), second.http.delete(f"/v1/roles/{mine}")
    )
    assert 204 in {answer.status_code for answer in answers}
    assert sorted(answer.status_code for answer in answers) in ([204, 403], [204, 404], [204, 409])


async def test_a_role_ended_by_hand_can_be_given_again_by_hand(here: Place, school: UUID) -> None:
    person = await here.person(school)
    role = await here.role(person, school, "assessor")
    assert (await here.admin.http.delete(f"/v1/roles/{role}")).status_code == 204
    assert (await here.admin.http.delete(f"/v1/roles/{role}")).status_code == 404
    assert await here.role(person, school, "assessor") == role


async def test_a_role_that_is_over_gives_no_authority(here: Place, school: UUID, auth_app: FastAPI) -> None:
    head = await here.somebody(school, "administrator")
    pupil = await here.person(school)
    await auth_app.state.database.pool.execute(
        "update role_assignment set ends_on = current_date - 1 where person_id = $1", head.id
    )
    assert (await head.http.patch(f"/v1/people/{pupil}", json={"email": "a@b.example"})).status_code == 404


async def test_what_a_hand_changes_is_decided(here: Place, school: UUID) -> None:
    pupil = await here.person(school)
    changed = await here.admin.http.patch(
        f"/v1/people/{pupil}", json={"birth_date": "2012-02-29", "email": "li@school.example"}
    )
    assert changed.status_code == 200
    assert sorted(changed.json()["private"]["decided"]) == [
        "birth_date",
        "email",
        "family_name",
        "given_name",
    ]
    again = await here.admin.http.patch(f"/v1/people/{pupil}", json={"email": None})
    assert (again.json()["private"]["email"], again.json()["version"]) == (None, 3)


@pytest.mark.parametrize(
    "body",
    [
        {"given_name": None},
        {"given_name": ""},
        {"birth_date": "29.2.2012"},
        {"birth_date": "1899-12-31"},
        {"birth_date": "2999-01-01"},
        {"email": "nobody"},
        {"email": "a@b\nc"},
        {"phone": "call me"},
        {"status": "closed"},
        {"id": str(uuid4())},
        {"version": 9},
        {"master_identifier": "1"},
        {"decided": []},
        [],
        "x",
        None,
    ],
)
async def test_attack_59_changes_that_are_none(here: Place, school: UUID, body: Any) -> None:
    pupil = await here.person(school)
    assert (await here.admin.http.patch(f"/v1/people/{pupil}", json=body)).status_code == 422


async def test_an_activation_code_works_once(here: Place, school: UUID, auth_app: FastAPI) -> None:
    pupil = await here.person(school)
    address = f"/v1/people/{pupil}/activation-codes"
    name = f"Pupil.{uuid4().hex}"
    old = (await here.admin.http.post(address, json={"username": name})).json()["code"]
    issued = await here.admin.http.post(address)
    code = issued.json()["code"]
    assert issued.headers["cache-control"] == "no-store"
    async with connection(auth_app) as http:

        async def activate(code: str, password: str = PASSWORD) -> httpx.Response:
            return await http.post("/v1/activations", json={"code": code, "password": password})

        assert (await activate(old)).status_code == 422
        assert (await activate("ABCD-EFGH-JKMN-PQRS")).status_code == 422
        weak = await activate(code, "password12345678")
        assert (weak.status_code, weak.json()["reason"]) == (422, "common")
        assert "password12345678" not in weak.text
        answers = await asyncio.gather(*(activate(code.lower().replace("-", " ")) for _ in range(8)))
        assert sorted(answer.status_code for answer in answers) == [200] + [422] * 7
        assert (await activate(code)).status_code == 422
    assert (await sign_in(auth_app, name.upper(), PASSWORD)).id == pupil


async def test_a_new_password_ends_earlier_sessions(here: Place, school: UUID, auth_app: FastAPI) -> None:
    pupil = await here.somebody(school)
    code = (await here.admin.http.post(f"/v1/people/{pupil.id}/activation-codes")).json()["code"]
    async with connection(auth_app) as http:
        body = {"code": code, "password": "another fine evening"}
        assert (await http.post("/v1/activations", json=body)).status_code == 200
    assert not await can_sign_in(auth_app, pupil.username, PASSWORD)
    assert (await pupil.http.get("/v1/sessions")).status_code == 401
    await sign_in(auth_app, pupil.username, "another fine evening")


async def test_attack_49_twins_of_a_user_name(here: Place, school: UUID) -> None:
    name = f"straße.{uuid4().hex}"
    for spelling, status in [
        (name, 201),
        (name.upper(), 409),
        (f" {name} ", 409),
        ("a b", 422),
        ("a\u200bb", 422),
    ]:
        person = await here.person(school)
        answer = await here.admin.http.post(
            f"/v1/people/{person}/activation-codes", json={"username": spelling}
        )
        assert answer.status_code == status


async def test_nobody_takes_over_an_account_that_reaches_further(here: Place, school: UUID) -> None:
    """A school's head is in charge of a pupil, yet not of one who administers the region as well."""
    head = await here.somebody(school, "administrator")
    boss = await here.somebody(school, "teacher")
    await here.role(boss.id, here.root, "administrator")
    for address in (f"/v1/people/{boss.id}/activation-codes", f"/v1/people/{boss.id}/account/suspension"):
        assert (await head.http.post(address)).status_code == 403
    pupil = await here.person(school)
    assert (await head.http.post(f"/v1/people/{pupil}/activation-codes")).status_code == 201
    teacher = await here.somebody(school, "teacher")
    assert (await teacher.http.post(f"/v1/people/{pupil}/activation-codes")).status_code == 403


async def test_attack_13_a_suspended_account(here: Place, school: UUID, auth_app: FastAPI) -> None:
    pupil = await here.somebody(school)
    address = f"/v1/people/{pupil.id}/account/suspension"
    for _ in range(2):
        assert (await here.admin.http.post(address)).status_code == 204
    assert (await here.admin.http.post(f"/v1/people/{pupil.id}/activation-codes")).status_code == 409
    assert not await can_sign_in(auth_app, pupil.username, PASSWORD)
    assert (await here.admin.http.delete(address)).status_code == 204
    assert await can_sign_in(auth_app, pupil.username, PASSWORD)


async def test_attack_60_another_tenants_ids_are_absent(here: Place, place: Any, school: UUID) -> None:
    elsewhere = await place()
    pupil = await here.person(school)
    http = elsewhere.admin.http
    bodies: list[tuple[str, str, Any]] = [
        ("GET", f"/v1/people/{pupil}", None),
        ("PATCH", f"/v1/people/{pupil}", {"email": None}),
        ("POST", f"/v1/people/{pupil}/activation-codes", {}),
        ("POST", f"/v1/people/{pupil}/account/suspension", None),
        ("GET", f"/v1/organisations/{school}", None),
        ("GET", f"/v1/organisations/{school}/people", None),
        (
            "POST",
            f"/v1/organisations/{school}/people",
            {"given_name": "A", "family_name": "B", "role": "staff"},
        ),
        ("PATCH", f"/v1/organisations/{school}", {"name": "Mine"}),
        ("POST", f"/v1/organisations/{school}/closure", None),
        ("GET", f"/v1/audit?organisation={school}", None),
        ("GET", f"/v1/clients?organisation={school}", None),
    ]
    for method, address, body in bodies:
        theirs = await http.request(method, address, json=body)
        absent = await http.request(
            method, address.replace(str(pupil), str(uuid4())).replace(str(school), str(uuid4())), json=body
        )
        assert (theirs.status_code, absent.status_code) == (404, 404), address
        assert theirs.json()["title"] == absent.json()["title"]


async def test_snapshots_of_many_people_at_once(here: Place, school: UUID, auth_app: FastAPI) -> None:
    pool = auth_app.state.database.pool
    ids = [
        row["id"]
        for row in await pool.fetch(
            "insert into person (given_name, family_name) select 'G' || n, 'F' from generate_series(1, 500) n"
            " returning id"
        )
    ]
    async with pool.acquire() as connection, connection.transaction():
        await record_people(connection, ids)
    told = await pool.fetch(
        "select subject from outbox where subject = any($1::text[])", [str(one) for one in ids]
    )
    assert len(told) == 500


async def test_a_snapshot_sees_what_was_committed_while_it_waited(
    here: Place, school: UUID, auth_app: FastAPI
) -> None:
    """Two roles given at the same time: the last snapshot tells of both."""
    pupil = await here.person(school)
    for _ in range(3):
        other = await here.organisation(name="Other")
        await asyncio.gather(
            grant(here.admin, pupil, other, "student"), grant(here.admin, pupil, other, "staff")
        )
    last = (await events_of(auth_app, pupil))[-1]
    assert len(last["roles"]) == 7
