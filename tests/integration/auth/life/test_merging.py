"""Merging two records: what moves, what is told, who may, and what stands in the way."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from tests.integration.auth.life.records import Records, conflicts, merge, preview, problem
from tests.integration.auth.places import Place, connection

Places = Callable[[], Awaitable[Place]]


async def test_everything_of_the_other_becomes_the_survivors(here: Place, records: Records) -> None:
    first, second = await here.organisation(name="First"), await here.organisation(name="Second")
    other = await here.person(first, email="old@example.org", birth_date="2001-02-03", middle_name="M")
    survivor = await here.person(second, given_name="Lily", email="new@example.org")
    await here.role(other, second, "student")
    guardian, child = await here.person(first, "guardian"), await here.person(first)
    await records.guardian(guardian, other)
    await records.guardian(other, child)
    old, new = await records.roster(first), await records.roster(second)
    named = [await records.named(old, other), await records.named(new, survivor)]
    group = await records.group(first, other)
    plan = await preview(here.admin.http, survivor, other)
    assert plan["conflicts"] == []
    assert plan["filled"] == ["middle_name", "birth_date"]
    assert {one["field"]: (one["survivor"], one["other"]) for one in plan["differing"]} == {
        "given_name": ("Lily", "Li"),
        "email": ("new@example.org", "old@example.org"),
    }
    moves = {"identifiers": 1, "roles": 2, "enrolments": 1, "guardians": 1, "children": 1}
    assert plan["moves"] == moves
    assert (await merge(here.admin.http, survivor, other)).status_code == 204
    # By either id one reads the survivor.
    by_old, by_new = [await here.admin.http.get(f"/v1/people/{one}") for one in (other, survivor)]
    person = by_new.json()
    assert by_old.json() == person
    assert (person["id"], person["given_name"], person["private"]["birth_date"]) == (
        str(survivor),
        "Lily",
        "2001-02-03",
    )
    assert {(one["role"], one["organisation"]["id"]) for one in person["roles"]} == {
        ("student", str(first)),
        ("student", str(second)),
    }
    assert [one["person"] for one in person["guardians"]] == [str(guardian)]
    assert [one["person"] for one in person["children"]] == [str(child)]
    # Told: first the merge, then everybody under one id.
    kind, told = await records.last(other)
    assert (kind, told["into"]) == ("auth.person.merged.v1", str(survivor))
    _, told = await records.last(survivor)
    assert sorted(one["sourced_id"] for one in told["identifiers"]) == sorted(named)
    assert [one["person"] for one in told["guardians"]] == [str(guardian)]
    assert [one["person"] for one in (await records.last(child))[1]["guardians"]] == [str(survivor)]
    assert [one["person"] for one in (await records.last(group))[1]["members"]] == [str(survivor)]
    positions = await records.pool.fetch(
        "select type from outbox where subject = any($1) and time = (select max(time) from outbox"
        " where type = 'auth.person.merged.v1' and subject = $2) order by position",
        [str(one) for one in (other, survivor, child, group)],
        str(other),
    )
    assert positions[0]["type"] == "auth.person.merged.v1"


async def test_what_was_done_with_the_old_record_is_in_the_survivors_audit(here: Place) -> None:
    school = await here.organisation()
    survivor, other = await here.somebody(school), await here.person(school)
    await here.role(other, school, "assessor")
    assert (await merge(here.admin.http, survivor.id, other)).status_code == 204
    told = (await survivor.http.get("/v1/audit")).json()["items"]
    assert (told[0]["action"], told[0]["data"]["other"]) == ("person.merged", str(other))
    assert len(told[0]["data"]["roles"]) == 1
    about = [one["action"] for one in told if one["subject"] == str(other)]
    assert about == ["role.granted", "person.created"]
    ours = await here.admin.http.get("/v1/audit", params={"organisation": str(school)})
    assert "person.merged" in [one["action"] for one in ours.json()["items"]]


async def test_only_who_is_in_charge_of_everything_about_both_may(here: Place, records: Records) -> None:
    first, second = await here.organisation(name="First"), await here.organisation(name="Second")
    head, teacher = await here.somebody(first, "administrator"), await here.somebody(first, "teacher")
    mine, another, abroad = [await here.person(one) for one in (first, first, second)]
    for http in (head.http, here.admin.http):
        assert (await http.get(f"/v1/people/{mine}/mergers/{another}")).status_code == 200
    for answer in (await merge(head.http, mine, abroad), await merge(head.http, abroad, mine)):
        assert answer.status_code == 404, "another school's person answers like an absent one"
    assert problem(await merge(teacher.http, mine, another)) == (403, "not-in-charge")
    assert problem(await merge(here.admin.http, mine, mine)) == (422, "one-record-only")
    # A pupil of another school too, named by the district's roster, or a guardian of a child elsewhere.
    await here.role(another, second, "student")
    assert problem(await merge(head.http, mine, another)) == (403, "not-in-charge")
    districts = await here.person(first)
    await records.named(await records.roster(here.root), districts)
    assert problem(await merge(head.http, mine, districts)) == (403, "not-in-charge")
    parent = await here.person(first, "guardian")
    await records.guardian(parent, abroad)
    assert problem(await merge(head.http, mine, parent)) == (403, "not-in-charge")
    assert (await here.admin.http.get("/v1/people/" + str(mine))).json()["status"] == "active"


async def test_what_stands_in_the_way_is_named_and_refused(here: Place, records: Records) -> None:
    school = await here.organisation()
    admin = here.admin.http
    survivor = await here.person(school, birth_date="2001-02-03")
    other = await here.person(school, birth_date="2001-03-02")
    roster = await records.roster(school)
    for one in (survivor, other):
        await records.named(roster, one)
    await records.guardian(other, survivor)
    assert await conflicts(admin, survivor, other) == [
        "same_roster",
        "guardian_of_each_other",
        "birth_dates_differ",
    ]
    for number, one in enumerate((survivor, other)):
        await records.pool.execute(
            "update person set master_identifier = $2 where id = $1", one, f"{one}-{number}"
        )
    assert "master_identifiers_differ" in await conflicts(admin, survivor, other)
    somebody, twin = await here.somebody(school), await here.person(school)
    assert (await admin.post(f"/v1/people/{somebody.id}/account/suspension")).status_code == 204
    assert await conflicts(admin, twin, somebody.id) == ["account_suspended"]
    assert (await admin.delete(f"/v1/people/{somebody.id}/account/suspension")).status_code == 204
    await records.pool.execute(
        "insert into second_factor (person_id, secret, session_id, confirmed_at) values ($1, '', $2, now())",
        somebody.id,
        somebody.session,
    )
    assert await conflicts(admin, twin, somebody.id) == ["second_factor_lost"]
    assert (await preview(admin, somebody.id, twin))["conflicts"] == [], "the other way round nothing is lost"
    assert (await admin.post(f"/v1/people/{twin}/erasure")).status_code == 202
    assert await conflicts(admin, somebody.id, twin) == ["erasure_asked"]
    own = await here.person(here.root, "staff")
    assert await conflicts(admin, here.admin.id, own) == ["own_record"]
    assert await conflicts(admin, own, here.admin.id) == ["own_record"]


async def test_conflicts_are_explained_in_both_languages(here: Place) -> None:
    own = await here.person(here.root, "staff")
    for language, word in (("en", "another administrator"), ("zh-CN", "另一位管理员")):
        plan = await preview(here.admin.http, here.admin.id, own, **{"Accept-Language": language})
        assert word in plan["conflicts"][0]["explanation"]


async def test_a_roster_that_drops_one_of_two_makes_room_for_the_merge(here: Place, records: Records) -> None:
    school = await here.organisation()
    survivor, other = await here.person(school), await here.person(school)
    roster = await records.roster(school)
    kept, gone = await records.named(roster, survivor), await records.named(roster, other)
    assert await conflicts(here.admin.http, survivor, other) == ["same_roster"]
    await records.pool.execute("update person_identifier set status = 'closed' where sourced_id = $1", gone)
    assert (await merge(here.admin.http, survivor, other)).status_code == 204
    # Credits posted under the dropped name still find the person.
    told = (await records.last(survivor))[1]["identifiers"]
    assert sorted(one["sourced_id"] for one in told) == sorted([kept, gone])


async def test_a_chain_of_merges_leads_to_its_end(here: Place, records: Records) -> None:
    school = await here.organisation()
    first, second, third = [await here.person(school) for _ in range(3)]
    assert (await merge(here.admin.http, second, first)).status_code == 204
    assert (await merge(here.admin.http, third, second)).status_code == 204
    for one in (first, second):
        assert (await here.admin.http.get(f"/v1/people/{one}")).json()["id"] == str(third)
        assert await records.count("person", id=one, merged_into=third, status="closed") == 1
    # An old id is no record any more: nothing is done with it.
    fourth = await here.person(school)
    for answer in (await merge(here.admin.http, first, fourth), await merge(here.admin.http, fourth, first)):
        assert answer.status_code == 404
    patched = await here.admin.http.patch(f"/v1/people/{first}", json={"given_name": "X"})
    assert patched.status_code == 404


async def test_roles_of_one_kind_in_one_place_become_one(here: Place, records: Records) -> None:
    school = await here.organisation()
    survivor, other = await here.person(school, "teacher"), await here.person(school, "teacher")
    await here.role(survivor, school, "staff")
    await records.pool.execute(
        "update role_assignment set status = 'ended', ended_by = 'hand'"
        " where person_id = $1 and role = 'teacher'",
        survivor,
    )
    assert (await merge(here.admin.http, survivor, other)).status_code == 204
    roles = (await here.admin.http.get(f"/v1/people/{survivor}")).json()["roles"]
    assert sorted(one["role"] for one in roles) == ["staff", "teacher"]
    assert await records.count("role_assignment", person_id=other, status="open") == 0


async def test_a_guardians_last_word_counts_whichever_record_it_was_for(
    here: Place, records: Records
) -> None:
    school = await here.organisation()
    guardian = await here.person(school, "guardian")
    for words, expected in ((("given", "withdrawn"), "withdrawn"), (("withdrawn", "given"), "given")):
        survivor, other = await here.person(school), await here.person(school)
        for child, word in zip((other, survivor), words, strict=True):
            await records.guardian(guardian, child)
            await records.decided(guardian, child, word)
        assert (await merge(here.admin.http, survivor, other)).status_code == 204
        assert (await records.last(survivor))[1]["consent"] == expected


async def test_attack_59_a_merge_takes_nothing_but_the_other_record(here: Place) -> None:
    school = await here.organisation()
    survivor, other = await here.person(school), await here.person(school)
    path = f"/v1/people/{survivor}/mergers"
    bodies: list[Any] = [{}, {"other": str(other), "dry_run": True}, {"other": "x"}, {"other": None}, []]
    for body in bodies:
        assert (await here.admin.http.post(path, json=body)).status_code == 422
    assert (await merge(here.admin.http, survivor, UUID(int=9))).status_code == 404


async def test_attack_60_machines_and_strangers_merge_nobody(here: Place, place: Places) -> None:
    school = await here.organisation()
    survivor, other = await here.person(school), await here.person(school)
    machine = await here.client(here.root, "people.read")
    async with connection(here.app) as http:
        pair = (machine["client_id"], machine["client_secret"])
        form = {"grant_type": "client_credentials"}
        token = (await http.post("/oauth/token", data=form, auth=pair)).json()["access_token"]
    async with connection(here.app, token=token) as http:
        assert (await merge(http, survivor, other)).status_code == 403
    stranger = await place()
    assert (await merge(stranger.admin.http, survivor, other)).status_code == 404
    assert (await stranger.admin.http.get(f"/v1/people/{survivor}/mergers/{other}")).status_code == 404
