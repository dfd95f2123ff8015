"""What a roster cannot do to people and places that are not its own."""

from typing import Any
from uuid import uuid4

from tests.integration.auth.places import Place
from tests.integration.auth.rosters.sets import RosterSet, delta, findings, importing, places, small_set
from tests.integration.auth.rosters.stored import stored_person


def _named(master: str, tag: str) -> RosterSet:
    """A set whose first student has a number known in all rosters."""
    content = small_set(tag)
    content.row("users", f"s1-{tag}")["userMasterIdentifier"] = master
    return content


async def test_naming_a_stranger_puts_nobody_in_charge_of_them(here: Place, place: Any) -> None:
    tag, other_tag, master = uuid4().hex[:8], uuid4().hex[:8], f"M-{uuid4()}"
    there: Place = await place()
    await importing(here, _named(master, tag))
    theirs = _named(master, other_tag)
    theirs.row("users", f"s1-{other_tag}")["enabledUser"] = "false"
    job = await importing(there, theirs)
    assert job["state"] == "applied"
    child = await stored_person(here, f"s1-{tag}")
    assert child["account"] == "invited", "only the owning roster disables an account"
    http, path = there.admin.http, f"/v1/people/{child['id']}"

    seen = await http.get(path)
    assert (seen.status_code, seen.json()["private"]) == (200, None)
    assert (await http.patch(path, json={"given_name": "X"})).status_code == 403
    assert (await http.post(f"{path}/activation-codes", json={})).status_code == 403
    assert (await http.post(f"{path}/account/suspension")).status_code == 403
    role = {"person": str(child["id"]), "organisation": str(there.root), "role": "teacher"}
    assert (await http.post("/v1/roles", json=role)).status_code == 403

    ours = await here.admin.http.get(path)
    assert ours.json()["private"] is not None
    assert (await here.admin.http.post(f"{path}/activation-codes", json={})).status_code == 201


async def test_naming_a_stranger_makes_nobody_their_guardian(here: Place, place: Any) -> None:
    tag, other_tag, master = uuid4().hex[:8], uuid4().hex[:8], f"M-{uuid4()}"
    there: Place = await place()
    await importing(here, _named(master, tag))
    job = await importing(there, _named(master, other_tag))
    assert job["counts"]["guardians"] | {"unchanged": 0} == {
        "new": 1,
        "changed": 0,
        "unchanged": 0,
        "closed": 0,
        "kept": 0,
        "ignored": 1,
    }
    child = await stored_person(here, f"s1-{tag}")
    seen = (await here.admin.http.get(f"/v1/people/{child['id']}")).json()
    mother = await stored_person(here, f"m1-{tag}")
    assert [one["person"] for one in seen["guardians"]] == [str(mother["id"])]


async def test_whoever_is_let_go_belongs_to_the_roster_that_names_them_still(here: Place, place: Any) -> None:
    tag, other_tag, master = uuid4().hex[:8], uuid4().hex[:8], f"M-{uuid4()}"
    there: Place = await place()
    first, second = _named(master, tag), _named(master, other_tag)
    second.row("users", f"s1-{other_tag}")["email"] = first.row("users", f"s1-{tag}")["email"]
    await importing(here, first)
    await importing(there, second)
    gone = first.without("users", f"s1-{tag}").without("roles", f"R-s1-{tag}")
    await importing(here, gone.without("enrollments", f"E-s1-{tag}-K1"))
    assert (await importing(there, second))["state"] == "applied", "the facts are the same, the owner is not"
    child = await stored_person(there, f"s1-{other_tag}")
    answer = await there.admin.http.post(f"/v1/people/{child['id']}/activation-codes", json={})
    assert answer.status_code == 201
    assert (await importing(there, second))["state"] == "unchanged"


async def test_a_roster_does_not_suspend_whoever_works_elsewhere_too(here: Place) -> None:
    tag = uuid4().hex[:8]
    school = await here.organisation(name=f"School {tag}")
    content = small_set(tag)
    there = Place(here.app, school, here.admin)
    await importing(there, content)
    teacher = await stored_person(there, f"t1-{tag}")
    await here.role(teacher["id"], here.root, "administrator")
    off = content.copy()
    for key in (f"t1-{tag}", f"s1-{tag}"):
        off.row("users", key)["enabledUser"] = "false"
    await importing(there, off)
    assert (await stored_person(there, f"s1-{tag}"))["account"] == "disabled"
    assert (await stored_person(there, f"t1-{tag}"))["account"] == "invited"


async def test_a_school_moved_away_is_out_of_its_old_roster_s_reach(here: Place) -> None:
    tag = uuid4().hex[:8]
    district = await here.organisation(kind="district", name=f"District {tag}")
    elsewhere = await here.organisation(kind="district", name=f"Elsewhere {tag}")
    there = Place(here.app, district, here.admin)
    content = small_set(tag)
    await importing(there, content)
    http, pool = here.admin.http, here.app.state.database.pool
    school = await pool.fetchval(
        "select o.id from organisation o join roster_source s on s.id = o.source_id"
        " where s.anchor_id = $1 and o.sourced_id = 'S1'",
        district,
    )
    moved = await http.post(f"/v1/organisations/{school}/move", json={"parent": str(elsewhere)})
    assert moved.status_code == 200
    before = (await http.get(f"/v1/organisations/{school}")).json()

    job = await importing(there, content)
    assert job["state"] == "refused"
    assert ("organisation_elsewhere", "orgs.csv", 3, "sourcedId") in places(await findings(http, job))
    user = content.row("users", f"t1-{tag}")
    hostile = [
        {"orgs": [{"sourcedId": "S2", "name": "X", "type": "school", "parentSourcedId": "S1"}]},
        {"roles": [{**content.row("roles", f"R-t1-{tag}"), "sourcedId": "R2"}], "users": [user]},
        {"enrollments": [{**content.row("enrollments", f"E-t1-{tag}-K1"), "sourcedId": "E2"}]},
    ]
    for files in hostile:
        refused = await importing(there, delta(files))
        assert (refused["state"], "reference" in refused["findings"]["codes"]) == ("refused", True), files
    gone = {**content.row("orgs", "S1"), "status": "tobedeleted"}
    await importing(there, delta({"orgs": [gone]}))
    assert (await http.get(f"/v1/organisations/{school}")).json() == before
