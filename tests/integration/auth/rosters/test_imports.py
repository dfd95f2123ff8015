"""What imports do to what is stored: changes, closures, deltas, hand decisions, refusals."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.integration.auth.places import Place
from tests.integration.auth.rosters.sets import (
    RosterSet,
    delta,
    digest,
    findings,
    imported,
    importing,
    places,
    small_set,
    zipped,
)


async def _person(here: Place, key: str) -> dict[str, Any]:
    row = await here.app.state.database.pool.fetchrow(
        """
        select p.*, i.status as identifier_status, a.username, a.state as account
        from person_identifier i join roster_source s on s.id = i.source_id and s.anchor_id = $1
        join person p on p.id = i.person_id left join account a on a.person_id = p.id
        where i.sourced_id = $2
        """,
        here.root,
        key,
    )
    return dict(row)


async def _roles(here: Place, key: str) -> set[tuple[str, str, str]]:
    person = await _person(here, key)
    rows = await here.app.state.database.pool.fetch(
        "select r.role, o.name, r.status from role_assignment r"
        " join organisation o on o.id = r.organisation_id where r.person_id = $1",
        person["id"],
    )
    return {(row["role"], row["name"], row["status"]) for row in rows}


async def _members(here: Place, key: str) -> set[tuple[str, str]]:
    rows = await here.app.state.database.pool.fetch(
        """
        select e.sourced_id, e.status from enrolment e join class c on c.id = e.class_id
        join roster_source s on s.id = c.source_id and s.anchor_id = $1 where c.sourced_id = $2
        """,
        here.root,
        key,
    )
    return {(row["sourced_id"], row["status"]) for row in rows}


async def _events_since(here: Place, position: int) -> list[tuple[str, str]]:
    rows = await here.app.state.database.pool.fetch(
        "select type, subject from outbox where position > $1 order by position", position
    )
    return [(row["type"].split(".")[1], row["subject"]) for row in rows]


async def _position(here: Place) -> int:
    position: int = await here.app.state.database.pool.fetchval(
        "select coalesce(max(position), 0) from outbox"
    )
    return position


def _changed(job: dict[str, Any]) -> dict[str, dict[str, int]]:
    """What a job did, without what it left alone."""
    told = {
        kind: {name: number for name, number in counts.items() if number and name != "unchanged"}
        for kind, counts in job["counts"].items()
    }
    return {kind: counts for kind, counts in told.items() if counts}


async def test_everything_of_a_set_is_there(here: Place) -> None:
    tag = uuid4().hex[:8]
    job = await importing(here, small_set(tag))
    assert job["state"] == "applied", await findings(here.admin.http, job)
    child = await _person(here, f"s1-{tag}")
    assert (child["given_name"], child["family_name"], child["version"]) == ("小明", "李", 1)
    assert (child["username"], child["account"]) == (f"s1-{tag}", "invited")
    assert await _roles(here, f"m1-{tag}") == {("guardian", "第一中学", "open")}
    seen = (await here.admin.http.get(f"/v1/people/{child['id']}")).json()
    mother = await _person(here, f"m1-{tag}")
    assert [(one["person"], one["relation"]) for one in seen["guardians"]] == [(str(mother["id"]), "parent")]
    school = (await here.admin.http.get(f"/v1/organisations/{seen['roles'][0]['organisation']['id']}")).json()
    assert len(school["ancestors"]) == 3
    assert school["ancestors"][0] == str(here.root)
    assert await _members(here, "K2") == {(f"E-t1-{tag}-K2", "open")}


async def test_only_what_differs_is_changed_and_told(here: Place) -> None:
    tag = uuid4().hex[:8]
    first = small_set(tag)
    await importing(here, first)
    position = await _position(here)
    second = first.copy()
    second.row("users", f"s2-{tag}")["givenName"] = "Benjamin"
    second.row("classes", "K2")["title"] = "七（2）班语文A"
    job = await importing(here, second)
    assert _changed(job) == {"people": {"changed": 1}, "classes": {"changed": 1}}
    person = await _person(here, f"s2-{tag}")
    assert (person["given_name"], person["version"]) == ("Benjamin", 2)
    told = await _events_since(here, position)
    assert sorted(kind for kind, _ in told) == ["class", "person"]
    assert ("person", str(person["id"])) in told


async def test_a_row_that_is_gone_is_closed_and_comes_back_as_the_same(here: Place) -> None:
    tag = uuid4().hex[:8]
    whole = small_set(tag)
    await importing(here, whole)
    before = await _person(here, f"s3-{tag}")
    smaller = whole.without("users", f"s3-{tag}")
    smaller = smaller.without("roles", f"R-s3-{tag}").without("enrollments", f"E-s3-{tag}-K1")
    smaller = smaller.without("classes", "K2").without("enrollments", f"E-t1-{tag}-K2")
    job = await importing(here, smaller)
    assert _changed(job) == {
        "people": {"closed": 1},
        "classes": {"closed": 1},
        "roles": {"closed": 1},
        "guardians": {"closed": 1},
        "enrolments": {"closed": 2},
    }
    gone = await _person(here, f"s3-{tag}")
    assert (gone["id"], gone["status"], gone["identifier_status"]) == (before["id"], "closed", "closed")
    assert await _members(here, "K2") == {(f"E-t1-{tag}-K2", "ended")}
    assert (await importing(here, smaller))["state"] == "unchanged"

    job = await importing(here, whole)
    assert job["state"] == "applied"
    back = await _person(here, f"s3-{tag}")
    assert (back["id"], back["status"], back["version"]) == (before["id"], "active", 3)
    assert await _roles(here, f"s3-{tag}") == {("student", "第一中学", "open")}
    assert (await importing(here, whole))["state"] == "unchanged"


async def test_a_delta_adds_changes_and_removes_what_it_names(here: Place) -> None:
    tag = uuid4().hex[:8]
    await importing(here, small_set(tag))
    person = {"sourcedId": f"s4-{tag}", "enabledUser": "true", "username": f"s4-{tag}", "givenName": "新"}
    person["familyName"] = "赵"
    changes = delta(
        {
            "users": [person, {"sourcedId": f"s2-{tag}", "status": "tobedeleted"}],
            "roles": [
                {
                    **{"sourcedId": f"R-s4-{tag}", "userSourcedId": f"s4-{tag}", "roleType": "primary"},
                    **{"role": "student", "orgSourcedId": "S1"},
                }
            ],
            "enrollments": [
                {
                    **{"sourcedId": f"E-s4-{tag}", "classSourcedId": "K1", "schoolSourcedId": "S1"},
                    **{"userSourcedId": f"s4-{tag}", "role": "student"},
                },
                {"sourcedId": f"E-s1-{tag}-K1", "status": "tobedeleted"},
            ],
        }
    )
    job = await importing(here, changes)
    assert job["state"] == "applied", await findings(here.admin.http, job)
    assert _changed(job) == {
        "people": {"new": 1, "closed": 1},
        "accounts": {"new": 1},
        "roles": {"new": 1, "closed": 1},
        "enrolments": {"new": 1, "closed": 2},
    }
    assert (await _person(here, f"s2-{tag}"))["status"] == "closed"
    assert (await _person(here, f"s1-{tag}"))["status"] == "active"
    assert await _members(here, "K1") == {
        *((f"E-s{number}-{tag}-K1", "ended") for number in (1, 2)),
        *((key, "open") for key in (f"E-s3-{tag}-K1", f"E-t1-{tag}-K1", f"E-s4-{tag}")),
    }
    again = await importing(here, changes)
    assert again["state"] == "unchanged", again


async def test_a_delta_ends_a_role_by_its_identifier_alone(here: Place) -> None:
    tag = uuid4().hex[:8]
    first = small_set(tag)
    first.files["roles"] += [
        {**first.row("roles", f"R-t1-{tag}"), "sourcedId": f"R-{name}-{tag}", "role": name}
        for name in ("counselor", "proctor")
    ]
    await importing(here, first)
    teacher = f"t1-{tag}"
    assert await _roles(here, teacher) == {("teacher", "第一中学", "open"), ("staff", "第一中学", "open")}
    await importing(here, delta({"roles": [{"sourcedId": f"R-proctor-{tag}", "status": "tobedeleted"}]}))
    assert ("staff", "第一中学", "open") in await _roles(here, teacher), "a counselor is still staff"
    job = await importing(
        here, delta({"roles": [{"sourcedId": f"R-counselor-{tag}", "status": "tobedeleted"}]})
    )
    assert _changed(job) == {"roles": {"closed": 1}}
    assert ("staff", "第一中学", "ended") in await _roles(here, teacher)


async def test_what_was_decided_by_hand_stays(here: Place) -> None:
    tag = uuid4().hex[:8]
    first = small_set(tag)
    await importing(here, first)
    http, pool = here.admin.http, here.app.state.database.pool
    child, teacher = await _person(here, f"s1-{tag}"), await _person(here, f"t1-{tag}")
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
    after = await _person(here, f"s1-{tag}")
    assert (after["given_name"], after["middle_name"], after["account"]) == ("明明", "中", "disabled")
    assert (await _person(here, f"t1-{tag}"))["given_name"] == "改"
    assert await _roles(here, f"t1-{tag}") == {("teacher", "一中", "ended"), ("assessor", "一中", "open")}
    row = await pool.fetchrow(
        "select title, location from class where source_id = $1 and sourced_id = 'K1'", after["source_id"]
    )
    assert tuple(row) == ("我的班", "R7")
    assert (f"E-s2-{tag}-K1", "ended") in await _members(here, "K1")
    assert (job["counts"]["roles"]["kept"], job["counts"]["enrolments"]["kept"]) == (1, 1)
    assert (await importing(here, second))["state"] == "unchanged"


async def test_an_account_follows_the_roster_only_when_the_roster_changes(here: Place) -> None:
    tag = uuid4().hex[:8]
    first = small_set(tag)
    await importing(here, first)
    off = first.copy()
    off.row("users", f"s1-{tag}")["enabledUser"] = "false"
    await importing(here, off)
    assert (await _person(here, f"s1-{tag}"))["account"] == "disabled"
    await here.app.state.database.pool.execute(
        "update account set state = 'invited' where canonical = $1", f"s1-{tag}"
    )
    await importing(here, off)
    assert (await _person(here, f"s1-{tag}"))["account"] == "invited", "a hand decided after the roster"
    await importing(here, first)
    await importing(here, off)
    assert (await _person(here, f"s1-{tag}"))["account"] == "disabled"
    await importing(here, first)
    assert (await _person(here, f"s1-{tag}"))["account"] == "invited"


async def test_a_person_of_two_rosters_is_one_person(here: Place, place: Any) -> None:
    tag, other_tag, master = uuid4().hex[:8], uuid4().hex[:8], f"M-{uuid4()}"
    there: Place = await place()
    first, second = small_set(tag), small_set(other_tag)
    first.row("users", f"s1-{tag}")["userMasterIdentifier"] = master
    second.row("users", f"s2-{other_tag}")["userMasterIdentifier"] = master
    await importing(here, first)
    await importing(there, second)
    ours, theirs = await _person(here, f"s1-{tag}"), await _person(there, f"s2-{other_tag}")
    assert ours["id"] == theirs["id"]
    assert (theirs["given_name"], theirs["username"]) == ("小明", f"s1-{tag}"), "the first roster owns these"
    assert len(await _roles(here, f"s1-{tag}")) == 2 or len(await _roles(there, f"s2-{other_tag}")) == 1
    assert (await importing(there, second))["state"] == "unchanged"

    gone = first.without("users", f"s1-{tag}").without("roles", f"R-s1-{tag}")
    await importing(here, gone.without("enrollments", f"E-s1-{tag}-K1"))
    left = await _person(there, f"s2-{other_tag}")
    assert left["status"] == "active", "the other roster still names the person"
    await importing(there, second)
    assert (await _person(there, f"s2-{other_tag}"))["given_name"] == "Ben", "and now owns the name"


async def test_a_taken_user_name_gets_a_handle(here: Place, place: Any) -> None:
    tag = uuid4().hex[:8]
    there: Place = await place()
    await importing(here, small_set(tag))
    job = await importing(there, small_set(tag))
    assert (job["state"], job["findings"]["codes"]["username_taken"]) == ("applied", 5)
    name = (await _person(there, f"s1-{tag}"))["username"]
    assert name.startswith(f"s1-{tag}.")
    found = await findings(there.admin.http, job)
    assert ("username_taken", "users.csv", 2, "username") in places(found)
    assert any(name in one["message"] for one in found)
    assert (await importing(there, small_set(tag)))["state"] == "unchanged"


async def test_a_dry_run_counts_and_keeps_nothing(here: Place) -> None:
    content = small_set()
    await importing(here, content.without("enrollments"))
    before = await digest(here.app)
    changed = content.copy()
    changed.files["users"][0]["givenName"] = "别"
    changed.files["users"].append({**changed.files["users"][0], "sourcedId": "new", "username": uuid4().hex})
    job = await importing(here, changed, dry_run=True)
    assert (job["state"], job["dry_run"]) == ("applied", True)
    assert job["counts"]["people"] == {**job["counts"]["people"], "new": 1, "changed": 1}
    assert await digest(here.app) == before


async def test_a_set_that_would_close_most_people_is_refused_unless_allowed(here: Place) -> None:
    tag = uuid4().hex[:8]
    large = small_set(tag)
    for number in range(100):
        key = f"x{number}-{tag}"
        large.files["users"].append(
            {"sourcedId": key, "enabledUser": "true", "username": key, "givenName": "众", "familyName": "人"}
        )
    await importing(here, large)
    before = await digest(here.app)
    job = await importing(here, small_set(tag))
    assert job["state"] == "refused"
    assert ("large_closure", "users.csv", None, None) in places(await findings(here.admin.http, job))
    assert await digest(here.app) == before
    job = await importing(here, small_set(tag), allow_large_closure=True)
    assert (job["state"], job["counts"]["people"]["closed"]) == ("applied", 100)


def _broken(tag: str) -> dict[str, tuple[RosterSet, tuple[str, str, int, str]]]:
    """Sets with one fault each, and the finding that names it."""
    sets: dict[str, tuple[RosterSet, tuple[str, str, int, str]]] = {}

    def breaking(name: str, file: str, key: str, field: str, value: str, code: str, row: int) -> None:
        broken = small_set(tag)
        broken.row(file, key)[field] = value
        sets[name] = (broken, (code, f"{file}.csv", row, field))

    student = f"s1-{tag}"
    breaking("parent", "orgs", "S1", "parentSourcedId", "nowhere", "reference", 3)
    breaking("cycle", "orgs", "D", "parentSourcedId", "S1", "cycle", 2)
    breaking("type", "orgs", "S1", "type", "castle", "not_allowed", 3)
    breaking("day", "academicSessions", "T1", "endDate", "2027-02-30", "date", 3)
    breaking("order", "academicSessions", "T1", "endDate", "2026-01-01", "dates_reversed", 3)
    breaking("course", "classes", "K1", "courseSourcedId", "none", "reference", 2)
    breaking("term", "classes", "K2", "termSourcedIds", "T1,T9", "reference", 3)
    breaking("agent", "users", student, "agentSourcedIds", "nobody", "reference", 2)
    breaking("self", "users", student, "agentSourcedIds", student, "guardian_self", 2)
    breaking("boolean", "users", student, "enabledUser", "perhaps", "boolean", 2)
    breaking("nul", "users", student, "givenName", "a\0b", "nul", 2)
    breaking("long", "users", student, "familyName", "长" * 201, "too_long", 2)
    breaking("role user", "roles", f"R-{student}", "userSourcedId", "ghost", "reference", 2)
    breaking("role org", "roles", f"R-{student}", "orgSourcedId", "ghost", "reference", 2)
    breaking("class", "enrollments", f"E-{student}-K1", "classSourcedId", "ghost", "reference", 2)
    breaking("user", "enrollments", f"E-{student}-K1", "userSourcedId", "ghost", "reference", 2)
    breaking("blank", "enrollments", f"E-{student}-K1", "role", "", "required", 2)
    double = small_set(tag)
    double.files["users"].append(dict(double.files["users"][0]))
    sets["duplicate"] = (double, ("duplicate", "users.csv", 7, "sourcedId"))
    return sets


@pytest.mark.parametrize("fault", sorted(_broken("x")))
async def test_a_broken_set_leaves_no_trace_and_names_the_place(here: Place, fault: str) -> None:
    tag = uuid4().hex[:8]
    broken, place = _broken(tag)[fault]
    broken.files["users"][1]["givenName"] = "改"
    before = await digest(here.app)
    job = await importing(here, broken)
    assert job["state"] == "refused"
    assert await digest(here.app) == before
    found = await findings(here.admin.http, job)
    assert place in places(one for one in found if one["severity"] == "error")
    assert job["findings"]["errors"] == sum(one["severity"] == "error" for one in found)
    chinese = await findings(here.admin.http, job, "zh-CN")
    assert all(one["message"] != two["message"] for one, two in zip(found, chinese, strict=True))


async def test_what_is_no_set_is_refused_with_a_reason(here: Place) -> None:
    http, app = here.admin.http, here.app
    for content, code in (
        (b"", "archive_unreadable"),
        (b"PK\x03\x04 nonsense", "archive_unreadable"),
        (zipped({"readme.txt": "hello"}), "archive_empty"),
        (zipped({"inner.zip": zipped({"users.csv": "sourcedId"})}), "archive_nested"),
        (zipped({"users.csv": "sourcedId\r\n1\r\n"}), "manifest_missing"),
        (zipped({"../manifest.csv": "propertyName,value\r\n"}), "archive_path"),
        (zipped({"a/orgs.csv": "x", "b/users.csv": "y"}), "archive_ambiguous"),
    ):
        job = await imported(app, http, here.root, content)
        assert job["state"] == "refused"
        assert code in job["findings"]["codes"], (code, job["findings"])


async def test_forms_of_writing_are_read_alike(here: Place) -> None:
    tag = uuid4().hex[:8]
    texts = small_set(tag).texts()
    await imported(here.app, here.admin.http, here.root, zipped(texts))
    other: dict[str, str | bytes] = {}
    for name, text in texts.items():
        unix = text.replace("\r\n", "\n")
        other[name.upper() if name == "users.csv" else name] = b"\xef\xbb\xbf" + unix.encode()
    job = await imported(here.app, here.admin.http, here.root, zipped(other, folder="export/"))
    assert job["state"] == "unchanged", await findings(here.admin.http, job)
    assert job["findings"]["codes"] == {"file_name_case": 1, "name_part_missing": 1, "same_set": 1}
    for encoding, code in (("gb18030", "encoding_gb18030"), ("utf-16", "encoding_utf16")):
        foreign: dict[str, str | bytes] = {**texts, "users.csv": texts["users.csv"].encode(encoding)}
        job = await imported(here.app, here.admin.http, here.root, zipped(foreign))
        assert job["state"] == "refused"
        assert (code, "users.csv", None, None) in places(await findings(here.admin.http, job))


async def test_an_organisation_made_by_hand_is_recognised_and_left_alone(here: Place) -> None:
    body = {"parent": str(here.root), "type": "school", "name": "By hand", "identifier": "10086"}
    made = (await here.admin.http.post("/v1/organisations", json=body)).json()["id"]
    tag = uuid4().hex[:8]
    content = small_set(tag)
    content.row("orgs", "S1")["identifier"] = "10086"
    job = await importing(here, content)
    assert (job["state"], job["counts"]["organisations"]["new"]) == ("applied", 1)
    assert ("organisation_known", "orgs.csv", 3, "sourcedId") in places(await findings(here.admin.http, job))
    assert await _roles(here, f"s1-{tag}") == {("student", "By hand", "open")}
    kept = (await here.admin.http.get(f"/v1/organisations/{made}")).json()
    assert (kept["name"], kept["parent"]) == ("By hand", str(here.root))
    job = await importing(here, delta({"classes": [{**content.row("classes", "K1"), "title": "新"}]}))
    assert _changed(job) == {"classes": {"changed": 1}}


async def test_organisations_move_with_their_roster(here: Place) -> None:
    content = small_set()
    await importing(here, content)
    moved = content.copy()
    moved.files["orgs"].append({"sourcedId": "D2", "name": "新学区", "type": "district"})
    moved.row("orgs", "S1")["parentSourcedId"] = "D2"
    job = await importing(here, moved)
    assert _changed(job) == {"organisations": {"new": 1, "changed": 1}}
    pool = here.app.state.database.pool
    path = await pool.fetch(
        "select o.sourced_id from organisation s, unnest(s.ancestors) with ordinality as a (id, place)"
        " join organisation o on o.id = a.id where s.sourced_id = 'S1' and s.ancestors[1] = $1"
        " order by place",
        here.root,
    )
    assert [row["sourced_id"] for row in path] == [None, "D2", "S1"]
    assert (await importing(here, moved))["state"] == "unchanged"
