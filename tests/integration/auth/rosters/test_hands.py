"""What people and other rosters decided stays."""

from typing import Any
from uuid import UUID, uuid4

from tests.integration.auth.places import Place
from tests.integration.auth.rosters.sets import delta, findings, importing, places, small_set
from tests.integration.auth.rosters.stored import changes, stored_members, stored_person, stored_roles


async def test_what_was_decided_by_hand_stays(here: Place) -> None:
    tag = uuid4().hex[:8]
    first = small_set(tag)
    await importing(here, first)
    http, pool = here.admin.http, here.app.state.database.pool
    child, teacher = await stored_person(here, f"s1-{tag}"), await stored_person(here, f"t1-{tag}")
    assert (await http.patch(f"/v1/people/{child['id']}", json={"given_name": "明明"})).status_code == 200
    seen = (await http.get(f"/v1/people/{teacher['id']}")).json()
    school = seen["roles"][0]["organisation"]["id"]
    ended = await http.post(f"/v1/roles/{seen['roles'][0]['id']}/end")
    if ended.status_code == 404:
        ended = await http.delete(f"/v1/roles/{seen['roles'][0]['id']}")
    assert ended.status_code < 300, ended.text
    await here.role(teacher["id"], UUID(school), "assessor")
    assert (await http.patch(f"/v1/organisations/{school}", json={"name": "一中"})).status_code == 200
    await pool.execute(
        "update class set title = '我的班', decided = '{title}' where id in"
        " (select e.class_id from enrolment e where e.sourced_id = $1)",
        f"E-s1-{tag}-K1",
    )
    await pool.execute("update account set state = 'disabled' where person_id = $1", child["id"])
    await pool.execute(
        "update enrolment set status = 'ended', ended_by = 'hand', ended_at = now() where sourced_id = $1",
        f"E-s2-{tag}-K1",
    )

    second = first.copy()
    for key in (f"s1-{tag}", f"t1-{tag}"):
        second.row("users", key)["givenName"] = "改"
        second.row("users", key)["middleName"] = "中"
    second.row("orgs", "S1")["name"] = "第一高级中学"
    second.row("classes", "K1")["title"] = "别的"
    second.row("classes", "K1")["location"] = "R7"
    job = await importing(here, second)
    assert job["state"] == "applied"
    after = await stored_person(here, f"s1-{tag}")
    assert (after["given_name"], after["middle_name"], after["account"]) == ("明明", "中", "disabled")
    assert (await stored_person(here, f"t1-{tag}"))["given_name"] == "改"
    assert await stored_roles(here, f"t1-{tag}") == {
        ("teacher", "一中", "ended"),
        ("assessor", "一中", "open"),
    }
    row = await pool.fetchrow(
        "select title, location from class where source_id = $1 and sourced_id = 'K1'", after["source_id"]
    )
    assert tuple(row) == ("我的班", "R7")
    assert (f"E-s2-{tag}-K1", "ended") in await stored_members(here, "K1")
    assert (job["counts"]["roles"]["kept"], job["counts"]["enrolments"]["kept"]) == (1, 1)
    assert (await importing(here, second))["state"] == "unchanged"


async def test_an_account_follows_the_roster_only_when_the_roster_changes(here: Place) -> None:
    tag = uuid4().hex[:8]
    first = small_set(tag)
    await importing(here, first)
    off = first.copy()
    off.row("users", f"s1-{tag}")["enabledUser"] = "false"
    await importing(here, off)
    assert (await stored_person(here, f"s1-{tag}"))["account"] == "disabled"
    await here.app.state.database.pool.execute(
        "update account set state = 'invited' where canonical = $1", f"s1-{tag}"
    )
    await importing(here, off)
    assert (await stored_person(here, f"s1-{tag}"))["account"] == "invited", "a hand decided after the roster"
    await importing(here, first)
    await importing(here, off)
    assert (await stored_person(here, f"s1-{tag}"))["account"] == "disabled"
    await importing(here, first)
    assert (await stored_person(here, f"s1-{tag}"))["account"] == "invited"


async def test_no_roster_undoes_a_suspension_or_its_end(here: Place) -> None:
    tag = uuid4().hex[:8]
    on = small_set(tag)
    await importing(here, on)
    off = on.copy()
    off.row("users", f"s1-{tag}")["enabledUser"] = "false"
    child = (await stored_person(here, f"s1-{tag}"))["id"]
    suspension, http = f"/v1/people/{child}/account/suspension", here.admin.http

    async def state() -> str:
        account: str = (await stored_person(here, f"s1-{tag}"))["account"]
        return account

    await importing(here, off)
    assert (await http.post(suspension)).status_code == 204
    await importing(here, on)
    assert await state() == "disabled", "the roster had disabled it first, but then a hand did"
    await importing(here, off)
    assert (await http.delete(suspension)).status_code == 204
    await importing(here, off)
    assert await state() == "invited", "the roster says nothing new"
    await importing(here, on)
    await importing(here, off)
    assert await state() == "disabled"


async def test_a_person_of_two_rosters_is_one_person(here: Place, place: Any) -> None:
    tag, other_tag, master = uuid4().hex[:8], uuid4().hex[:8], f"M-{uuid4()}"
    there: Place = await place()
    first, second = small_set(tag), small_set(other_tag)
    first.row("users", f"s1-{tag}")["userMasterIdentifier"] = master
    second.row("users", f"s2-{other_tag}")["userMasterIdentifier"] = master
    await importing(here, first)
    await importing(there, second)
    ours, theirs = await stored_person(here, f"s1-{tag}"), await stored_person(there, f"s2-{other_tag}")
    assert ours["id"] == theirs["id"]
    assert (theirs["given_name"], theirs["username"]) == ("小明", f"s1-{tag}"), "the first roster owns these"
    assert (
        len(await stored_roles(here, f"s1-{tag}")) == 2
        or len(await stored_roles(there, f"s2-{other_tag}")) == 1
    )
    assert (await importing(there, second))["state"] == "unchanged"

    gone = first.without("users", f"s1-{tag}").without("roles", f"R-s1-{tag}")
    await importing(here, gone.without("enrollments", f"E-s1-{tag}-K1"))
    left = await stored_person(there, f"s2-{other_tag}")
    assert left["status"] == "active", "the other roster still names the person"
    await importing(there, second)
    assert (await stored_person(there, f"s2-{other_tag}"))["given_name"] == "Ben", "and now owns the name"


async def test_a_taken_user_name_gets_a_handle(here: Place, place: Any) -> None:
    tag = uuid4().hex[:8]
    there: Place = await place()
    await importing(here, small_set(tag))
    job = await importing(there, small_set(tag))
    assert (job["state"], job["findings"]["codes"]["username_taken"]) == ("applied", 5)
    name = (await stored_person(there, f"s1-{tag}"))["username"]
    assert name.startswith(f"s1-{tag}.")
    found = await findings(there.admin.http, job)
    assert ("username_taken", "users.csv", 2, "username") in places(found)
    assert any(name in one["message"] for one in found)
    assert (await importing(there, small_set(tag)))["state"] == "unchanged"


async def test_an_organisation_made_by_hand_is_recognised_and_left_alone(here: Place) -> None:
    body = {"parent": str(here.root), "type": "school", "name": "By hand", "identifier": "10086"}
    made = (await here.admin.http.post("/v1/organisations", json=body)).json()["id"]
    tag = uuid4().hex[:8]
    content = small_set(tag)
    content.row("orgs", "S1")["identifier"] = "10086"
    job = await importing(here, content)
    assert (job["state"], job["counts"]["organisations"]["new"]) == ("applied", 1)
    assert ("organisation_known", "orgs.csv", 3, "sourcedId") in places(await findings(here.admin.http, job))
    assert await stored_roles(here, f"s1-{tag}") == {("student", "By hand", "open")}
    kept = (await here.admin.http.get(f"/v1/organisations/{made}")).json()
    assert (kept["name"], kept["parent"]) == ("By hand", str(here.root))
    job = await importing(here, delta({"classes": [{**content.row("classes", "K1"), "title": "新"}]}))
    assert changes(job) == {"classes": {"changed": 1}}
