"""Erasure: who may ask, what it waits for, and that nothing of the person stays."""

import json
import secrets
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.auth.erasure.service import erase_due
from tests.integration.auth.life.records import Records, merge, problem
from tests.integration.auth.places import PASSWORD, Place, Somebody, can_sign_in, connection
from tests.integration.auth.tokens.grants import application, tokens


async def due(records: Records, *people: UUID) -> None:
    """Lets the day come, and what follows happen."""
    await records.pool.execute(
        "update erasure set due_at = now() where person_id = any($1) and done_at is null", list(people)
    )
    await erase_due(records.place.app.state.database)


async def is_erased(records: Records, person: UUID) -> bool:
    found: bool = await records.pool.fetchval(
        "select erased_at is not null from person where id = $1", person
    )
    return found


async def test_one_asks_for_oneself_and_may_withdraw(here: Place, records: Records) -> None:
    teacher = await here.somebody(await here.organisation(), "teacher")
    assert (await teacher.http.get("/v1/me/erasure")).status_code == 404
    asked = await teacher.http.post("/v1/me/erasure")
    assert (asked.status_code, asked.headers["cache-control"]) == (202, "no-store")
    assert (asked.json()["asked_by"], asked.json()["waits_for"]) == (str(teacher.id), ["time"])
    assert problem(await teacher.http.post("/v1/me/erasure")) == (409, "erasure-asked-already")
    assert (await teacher.http.get("/v1/me/erasure")).json() == asked.json()
    await erase_due(here.app.state.database)
    assert not await is_erased(records, teacher.id), "not before its day"
    assert (await teacher.http.delete("/v1/me/erasure")).status_code == 204
    assert (await teacher.http.delete("/v1/me/erasure")).status_code == 404
    await due(records, teacher.id)
    assert not await is_erased(records, teacher.id)
    actions = [one["action"] for one in (await teacher.http.get("/v1/audit")).json()["items"]]
    assert actions[:2] == ["erasure.cancelled", "erasure.asked"]
    assert (await teacher.http.post("/v1/me/erasure")).status_code == 202, "and may ask again"


async def test_the_person_is_told_by_mail(here: Place, records: Records) -> None:
    school, address = await here.organisation(), f"{uuid4().hex}@example.org"
    person = await here.person(school, "staff", email=address)
    path = f"/v1/people/{person}/erasure"
    assert (await here.admin.http.post(path)).status_code == 202
    assert (await here.admin.http.delete(path)).status_code == 204
    rows = await records.pool.fetch(
        "select subject, body from mail where recipient = $1 order by id", address
    )
    assert ["to be erased" in row["subject"] for row in rows] == [True, False]
    assert "删除" in rows[0]["body"]
    assert (await here.admin.http.post(path)).status_code == 202
    await due(records, person)
    assert await records.count("mail", recipient=address) == 0


async def test_children_are_erased_at_the_wish_of_guardians_or_school(here: Place, records: Records) -> None:
    school = await here.organisation()
    pupil, parent = await here.somebody(school), await here.somebody(school, "guardian")
    stranger = await here.somebody(school, "guardian")
    assert problem(await pupil.http.post("/v1/me/erasure")) == (403, "erasure-by-a-guardian")
    path = f"/v1/me/children/{pupil.id}/erasure"
    assert (await parent.http.post(path)).status_code == 404, "not yet the guardian"
    await records.guardian(parent.id, pupil.id)
    assert (await parent.http.post(path)).status_code == 202
    for method in ("get", "delete", "post"):
        assert (await getattr(stranger.http, method)(path)).status_code == 404
    # The school sees it and may withdraw it as well; of the child of 14 the guardian decides no more.
    assert (await here.admin.http.get(f"/v1/people/{pupil.id}/erasure")).status_code == 200
    assert (await parent.http.delete(path)).status_code == 204
    patched = await here.admin.http.patch(f"/v1/people/{pupil.id}", json={"birth_date": "2001-01-01"})
    assert patched.status_code == 200
    assert (await parent.http.post(path)).status_code == 404
    assert (await pupil.http.post("/v1/me/erasure")).status_code == 202


async def test_attack_60_only_those_in_charge_everywhere_ask_for_others(
    here: Place, records: Records
) -> None:
    first, second = await here.organisation(name="First"), await here.organisation(name="Second")
    head, teacher = await here.somebody(first, "administrator"), await here.somebody(first, "teacher")
    ours, abroad = await here.person(first, "teacher"), await here.person(second, "teacher")
    assert (await head.http.post(f"/v1/people/{abroad}/erasure")).status_code == 404
    assert problem(await teacher.http.post(f"/v1/people/{ours}/erasure")) == (403, "not-in-charge")
    await here.role(ours, second, "staff")
    assert problem(await head.http.post(f"/v1/people/{ours}/erasure")) == (403, "not-in-charge")
    assert (await here.admin.http.post(f"/v1/people/{ours}/erasure")).status_code == 202
    assert problem(await head.http.delete(f"/v1/people/{ours}/erasure")) == (403, "not-in-charge")
    assert (await here.admin.http.get(f"/v1/people/{UUID(int=9)}/erasure")).status_code == 404


async def test_attack_63_the_last_administrator_is_not_erased(here: Place, records: Records) -> None:
    assert problem(await here.admin.http.post("/v1/me/erasure")) == (409, "last-administrator")
    second = await here.somebody(here.root, "administrator")
    assert (await here.admin.http.post("/v1/me/erasure")).status_code == 202
    # The other one goes first: then this one has to stay until there is another.
    assert (await here.admin.http.post(f"/v1/people/{second.id}/account/suspension")).status_code == 204
    told = (await here.admin.http.get("/v1/me/erasure")).json()
    assert told["waits_for"] == ["time", "last_administrator"]
    await due(records, here.admin.id)
    assert not await is_erased(records, here.admin.id)


async def test_whom_a_roster_names_waits_until_it_lets_go(here: Place, records: Records) -> None:
    person = await here.person(await here.organisation(), "staff")
    name = await records.named(await records.roster(here.root), person)
    asked = await here.admin.http.post(f"/v1/people/{person}/erasure")
    assert asked.json()["waits_for"] == ["time", "roster"]
    await due(records, person)
    assert not await is_erased(records, person)
    assert (await here.admin.http.get(f"/v1/people/{person}/erasure")).json()["waits_for"] == ["roster"]
    await records.pool.execute("update person_identifier set status = 'closed' where sourced_id = $1", name)
    await due(records, person)
    assert await is_erased(records, person)


@pytest.fixture
async def full(here: Place, records: Records) -> tuple[Somebody, UUID, list[str]]:
    """Somebody with everything, an old record of the same person, and what nobody may find afterwards."""
    school = await here.organisation()
    marks = [uuid4().hex for _ in range(4)]
    phone, birth_date = f"+86 {secrets.randbelow(10**12):012d}", "1913-01-17"
    old = await here.person(school, "staff", given_name=f"Old{marks[0]}", phone=phone)
    somebody = await here.somebody(school, "teacher")
    facts: dict[str, Any] = {
        "given_name": f"Given{marks[1]}",
        "family_name": f"Family{marks[2]}",
        "email": f"{marks[3]}@example.org",
        "birth_date": birth_date,
    }
    assert (await here.admin.http.patch(f"/v1/people/{somebody.id}", json=facts)).status_code == 200
    assert (await merge(here.admin.http, somebody.id, old)).status_code == 204
    source = await records.roster(school)
    name = await records.named(source, somebody.id, status="closed")
    await records.group(school, somebody.id)
    child, guardian = await here.person(school), await here.person(school, "guardian")
    await records.guardian(somebody.id, child)
    await records.guardian(guardian, somebody.id)
    await records.decided(somebody.id, child, "given")
    web = await application(here.app)
    async with connection(here.app) as http:
        await tokens(http, web, somebody, scopes=("openid", "offline_access"))
    pool = records.pool
    await pool.execute(
        "insert into recovery_wish (canonical, language) values ($1, 'en')", somebody.username.casefold()
    )
    await pool.execute(
        "with j as (insert into roster_import (organisation_id, source_name, requested_by_kind, dry_run,"
        " allow_large_closure, file_name, size_bytes) select anchor_id, name, 'system', false, false, 'x', 1"
        " from roster_source where id = $1 returning id) insert into roster_finding (import_id, position,"
        " code, severity, value, \"values\") select id, 1, 'username_taken', 'warning', $2::text,"
        " json_build_object('username', $2::text) from j",
        source,
        name,
    )
    return somebody, old, [*marks, name, somebody.username, phone, birth_date]


async def everything(pool: Any) -> dict[str, str]:
    """The whole database as text, by table."""
    tables = await pool.fetch("select relname from pg_stat_user_tables where schemaname = 'public'")
    return {
        row["relname"]: await pool.fetchval(
            f"select coalesce(string_agg(t::text, E'\\n'), '') from \"{row['relname']}\" t"
        )
        for row in tables
        if row["relname"] != "roster_upload"
    }


async def test_nothing_of_the_erased_stays_in_any_table(
    here: Place, records: Records, full: tuple[Somebody, UUID, list[str]]
) -> None:
    somebody, old, marks = full
    before = await everything(records.pool)
    assert [any(mark in text for text in before.values()) for mark in marks] == [True] * len(marks)
    assert (await here.admin.http.post(f"/v1/people/{somebody.id}/erasure")).status_code == 202
    await due(records, somebody.id)
    found = [
        (table, mark)
        for table, text in (await everything(records.pool)).items()
        for mark in marks
        if mark in text
    ]
    assert found == []
    for kept in ("audit", "erasure", "person", "outbox"):
        assert str(somebody.id) in (await everything(records.pool))[kept], "the id stays, nobody's"
    for one in (somebody.id, old):
        kind, told = await records.last(one)
        assert (kind, told["id"]) == ("auth.person.erased.v1", str(one))
        assert await records.count("person", id=one, given_name="", status="closed") == 1


async def test_the_erased_are_gone_for_everybody(
    here: Place, records: Records, full: tuple[Somebody, UUID, list[str]]
) -> None:
    somebody, old, _ = full
    group = await records.pool.fetchval("select class_id from enrolment where person_id = $1", somebody.id)
    child = await records.pool.fetchval(
        "select child_id from guardianship where guardian_id = $1", somebody.id
    )
    assert (await somebody.http.post("/v1/me/erasure")).status_code == 202
    await due(records, somebody.id)
    assert (await somebody.http.get("/v1/me")).status_code == 401
    assert not await can_sign_in(here.app, somebody.username, PASSWORD)
    for one in (somebody.id, old):
        assert (await here.admin.http.get(f"/v1/people/{one}")).status_code == 404
        assert (await here.admin.http.get(f"/v1/people/{one}/erasure")).status_code == 404
        assert (await here.admin.http.post(f"/v1/people/{one}/erasure")).status_code == 404
    assert (await records.last(group))[1]["members"] == []
    assert (await records.last(child))[1]["guardians"] == []
    # What was told of the person can still be read, and says nothing any more.
    for kind, told in await records.events(somebody.id, old):
        if kind == "auth.person.changed.v1":
            assert (told["given_name"], told["status"], told["roles"]) == ("", "closed", [])
    verified = await records.pool.fetchval("select audit_break()")
    assert verified is None
    about = await records.pool.fetch(
        "select action, data from audit where subject_id = $1 order by position", somebody.id
    )
    assert about[-1]["action"] == "person.erased"
    assert json.loads(about[-1]["data"]) == {}
