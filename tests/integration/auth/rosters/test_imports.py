"""What imports do to what is stored: additions, changes, closures, deltas."""

from uuid import uuid4

import httpx

from tests.integration.auth.neighbour import until
from tests.integration.auth.places import Place, connection
from tests.integration.auth.rosters.sets import as_v1p1, delta, findings, importing, places, small_set
from tests.integration.auth.rosters.stored import (
    changes,
    events_since,
    last_position,
    stored_members,
    stored_person,
    stored_roles,
)


async def test_everything_of_a_set_is_there(here: Place) -> None:
    tag = uuid4().hex[:8]
    job = await importing(here, small_set(tag))
    assert job["state"] == "applied", await findings(here.admin.http, job)
    child = await stored_person(here, f"s1-{tag}")
    assert (child["given_name"], child["family_name"], child["version"]) == ("小明", "李", 1)
    assert (child["username"], child["account"]) == (f"s1-{tag}", "invited")
    assert await stored_roles(here, f"m1-{tag}") == {("guardian", "第一中学", "open")}
    seen = (await here.admin.http.get(f"/v1/people/{child['id']}")).json()
    mother = await stored_person(here, f"m1-{tag}")
    assert [(one["person"], one["relation"]) for one in seen["guardians"]] == [(str(mother["id"]), "parent")]
    school = (await here.admin.http.get(f"/v1/organisations/{seen['roles'][0]['organisation']['id']}")).json()
    assert len(school["ancestors"]) == 3
    assert school["ancestors"][0] == str(here.root)
    assert await stored_members(here, "K2") == {(f"E-t1-{tag}-K2", "open")}


async def test_only_what_differs_is_changed_and_told(here: Place) -> None:
    tag = uuid4().hex[:8]
    first = small_set(tag)
    await importing(here, first)
    position = await last_position(here)
    second = first.copy()
    second.row("users", f"s2-{tag}")["givenName"] = "Benjamin"
    second.row("classes", "K2")["title"] = "七（2）班语文A"
    job = await importing(here, second)
    assert changes(job) == {"people": {"changed": 1}, "classes": {"changed": 1}}
    person = await stored_person(here, f"s2-{tag}")
    assert (person["given_name"], person["version"]) == ("Benjamin", 2)
    told = await events_since(here, position)
    assert sorted(kind for kind, _ in told) == ["class", "person"]
    assert ("person", str(person["id"])) in told


async def test_a_school_closed_by_its_roster_takes_its_clients_along(here: Place) -> None:
    """At once for whoever asks, within the usual 2 s everywhere: the import runs in another process."""
    whole = small_set(uuid4().hex[:8])
    second = {"sourcedId": "S2", "name": "第二中学", "type": "school", "parentSourcedId": "D"}
    whole.files["orgs"].append(second)
    await importing(here, whole)
    school = await here.app.state.database.pool.fetchval(
        "select id from organisation where $1 = any(ancestors) and sourced_id = 'S2'", here.root
    )
    client = await here.client(school, "people.read")
    form, proof = {"grant_type": "client_credentials"}, (client["client_id"], client["client_secret"])
    async with connection(here.app) as http:
        token = (await http.post("/oauth/token", data=form, auth=proof)).json()["access_token"]
        job = await importing(here, whole.without("orgs", "S2"))
        assert changes(job) == {"organisations": {"closed": 1}}
        assert (await http.post("/oauth/token", data=form, auth=proof)).status_code == 401
    ended = "select 1 from revocation where kind = 'client' and value = $1"
    assert await here.app.state.database.pool.fetchval(ended, client["client_id"])
    async with connection(here.app, token=token) as machine:
        await until(lambda: _is_refused(machine, f"/v1/organisations/{school}"))


async def _is_refused(http: httpx.AsyncClient, path: str) -> bool:
    return (await http.get(path)).status_code == 401


async def test_a_row_that_is_gone_is_closed_and_comes_back_as_the_same(here: Place) -> None:
    tag = uuid4().hex[:8]
    whole = small_set(tag)
    await importing(here, whole)
    before = await stored_person(here, f"s3-{tag}")
    smaller = whole.without("users", f"s3-{tag}")
    smaller = smaller.without("roles", f"R-s3-{tag}").without("enrollments", f"E-s3-{tag}-K1")
    smaller = smaller.without("classes", "K2").without("enrollments", f"E-t1-{tag}-K2")
    job = await importing(here, smaller)
    assert changes(job) == {
        "people": {"closed": 1},
        "classes": {"closed": 1},
        "roles": {"closed": 1},
        "guardians": {"closed": 1},
        "enrolments": {"closed": 2},
    }
    gone = await stored_person(here, f"s3-{tag}")
    assert (gone["id"], gone["status"], gone["identifier_status"]) == (before["id"], "closed", "closed")
    assert await stored_members(here, "K2") == {(f"E-t1-{tag}-K2", "ended")}
    assert (await importing(here, smaller))["state"] == "unchanged"

    job = await importing(here, whole)
    assert job["state"] == "applied"
    back = await stored_person(here, f"s3-{tag}")
    assert (back["id"], back["status"], back["version"]) == (before["id"], "active", 3)
    assert await stored_roles(here, f"s3-{tag}") == {("student", "第一中学", "open")}
    assert (await importing(here, whole))["state"] == "unchanged"


async def test_a_delta_adds_changes_and_removes_what_it_names(here: Place) -> None:
    tag = uuid4().hex[:8]
    await importing(here, small_set(tag))
    person = {"sourcedId": f"s4-{tag}", "enabledUser": "true", "username": f"s4-{tag}", "givenName": "新"}
    person["familyName"] = "赵"
    differing = delta(
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
    job = await importing(here, differing)
    assert job["state"] == "applied", await findings(here.admin.http, job)
    assert changes(job) == {
        "people": {"new": 1, "closed": 1},
        "accounts": {"new": 1},
        "roles": {"new": 1, "closed": 1},
        "enrolments": {"new": 1, "closed": 2},
    }
    assert (await stored_person(here, f"s2-{tag}"))["status"] == "closed"
    assert (await stored_person(here, f"s1-{tag}"))["status"] == "active"
    assert await stored_members(here, "K1") == {
        *((f"E-s{number}-{tag}-K1", "ended") for number in (1, 2)),
        *((key, "open") for key in (f"E-s3-{tag}-K1", f"E-t1-{tag}-K1", f"E-s4-{tag}")),
    }
    again = await importing(here, differing)
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
    assert await stored_roles(here, teacher) == {
        ("teacher", "第一中学", "open"),
        ("staff", "第一中学", "open"),
    }
    await importing(here, delta({"roles": [{"sourcedId": f"R-proctor-{tag}", "status": "tobedeleted"}]}))
    assert ("staff", "第一中学", "open") in await stored_roles(here, teacher), "a counselor is still staff"
    job = await importing(
        here, delta({"roles": [{"sourcedId": f"R-counselor-{tag}", "status": "tobedeleted"}]})
    )
    assert changes(job) == {"roles": {"closed": 1}}
    assert ("staff", "第一中学", "ended") in await stored_roles(here, teacher)


async def test_organisations_move_with_their_roster(here: Place) -> None:
    content = small_set()
    await importing(here, content)
    moved = content.copy()
    moved.files["orgs"].append({"sourcedId": "D2", "name": "新学区", "type": "district"})
    moved.row("orgs", "S1")["parentSourcedId"] = "D2"
    job = await importing(here, moved)
    assert changes(job) == {"organisations": {"new": 1, "changed": 1}}
    pool = here.app.state.database.pool
    path = await pool.fetch(
        "select o.sourced_id from organisation s, unnest(s.ancestors) with ordinality as a (id, place)"
        " join organisation o on o.id = a.id where s.sourced_id = 'S1' and s.ancestors[1] = $1"
        " order by place",
        here.root,
    )
    assert [row["sourced_id"] for row in path] == [None, "D2", "S1"]
    assert (await importing(here, moved))["state"] == "unchanged"


async def test_a_user_of_1_1_brings_the_roles(here: Place) -> None:
    tag = uuid4().hex[:8]
    whole = as_v1p1(small_set(tag))
    whole.row("users", f"t1-{tag}")["orgSourcedIds"] = "S1,D"
    job = await importing(here, whole)
    assert (job["state"], job["dialect"]) == ("applied", "oneroster-1.1"), await findings(
        here.admin.http, job
    )
    assert await stored_roles(here, f"t1-{tag}") == {
        ("teacher", "第一中学", "open"),
        ("teacher", "示范学区", "open"),
    }
    change = delta(
        {"users": [{**whole.row("users", f"t1-{tag}"), "orgSourcedIds": "D", "role": "principal"}]}
    )
    change.version = "1.1"
    job = await importing(here, change)
    assert changes(job) == {"roles": {"new": 1, "closed": 2}}
    assert ("staff", "示范学区", "open") in await stored_roles(here, f"t1-{tag}")
    assert await stored_roles(here, f"s1-{tag}") == {("student", "第一中学", "open")}
    assert (await importing(here, change))["state"] == "unchanged"


async def test_a_power_never_comes_from_a_file(here: Place) -> None:
    tag = uuid4().hex[:8]
    content = small_set(tag)
    content.row("roles", f"R-t1-{tag}")["role"] = "systemAdministrator"
    job = await importing(here, content)
    assert ("role_without_power", "roles.csv", 5, "role") in places(await findings(here.admin.http, job))
    assert await stored_roles(here, f"t1-{tag}") == {("staff", "第一中学", "open")}
