"""Rights of imports: asked again when the import is done, and who may say that two records are one person."""

from typing import Any
from uuid import UUID, uuid4

from services.auth.rosters import service
from tests.integration.auth.places import Place, Somebody, connection
from tests.integration.auth.rosters.sets import (
    RosterSet,
    ended,
    findings,
    imported,
    places,
    small_set,
    upload,
)
from tests.integration.auth.rosters.stored import stored_person


async def _queued(here: Place, who: Somebody, school: UUID) -> str:
    answer = await upload(who.http, school, small_set().zipped())
    assert answer.status_code == 202, answer.text
    return str(answer.headers["location"])


async def _worked(here: Place, location: str) -> dict[str, Any]:
    await service.work(here.app.state.database, UUID(location.rpartition("/")[2]))
    return await ended(here.admin.http, location)


async def test_attack_61_a_queued_import_asks_again_whether_its_requester_may(here: Place) -> None:
    school = await here.organisation(name=f"School {uuid4().hex[:6]}")
    head = await here.somebody(school, "administrator")
    role = (await head.http.get("/v1/me")).json()["roles"][0]["id"]
    await here.role(head.id, school, "staff")
    first, second, third = [await _queued(here, head, school) for _ in range(3)]
    assert (await _worked(here, first))["state"] == "applied"

    assert (await here.admin.http.delete(f"/v1/roles/{role}")).status_code == 204
    job = await _worked(here, second)
    assert (job["state"], job["findings"]["codes"]) == ("refused", {"requester_lost_right": 1})
    told = await findings(here.admin.http, job, "zh-CN")
    assert "无权" in told[0]["message"]
    entries = (await here.admin.http.get("/v1/audit", params={"organisation": str(school)})).json()["items"]
    refusals = [one for one in entries if one["action"] == "roster.refused"]
    assert [(one["actor"], one["data"]["import"]) for one in refusals] == [(str(head.id), job["id"])]

    await here.role(head.id, school, "administrator")
    suspended = await here.admin.http.post(f"/v1/people/{head.id}/account/suspension")
    assert suspended.status_code == 204
    assert (await _worked(here, third))["state"] == "refused", "whoever is suspended imports nothing"


async def test_attack_65_a_queued_import_of_a_suspended_client_is_not_done(here: Place) -> None:
    school = await here.organisation(name=f"School {uuid4().hex[:6]}")
    client = await here.client(school, "rosters.import")
    async with connection(here.app) as http:
        token = await http.post(
            "/oauth/token",
            data={"grant_type": "client_credentials"},
            auth=(client["client_id"], client["client_secret"]),
        )
        http.headers["Authorization"] = f"Bearer {token.json()['access_token']}"
        locations = [(await upload(http, school, small_set().zipped())).headers["location"] for _ in range(2)]
    assert (await _worked(here, locations[0]))["state"] == "applied"
    assert (await here.admin.http.post(f"/v1/clients/{client['id']}/suspension")).is_success
    assert (await _worked(here, locations[1]))["state"] == "refused"


async def test_a_queued_import_of_a_school_closed_meanwhile_is_not_done(here: Place) -> None:
    school = await here.organisation(name=f"School {uuid4().hex[:6]}")
    location = await _queued(here, here.admin, school)
    assert (await here.admin.http.post(f"/v1/organisations/{school}/closure")).status_code == 200
    assert (await _worked(here, location))["state"] == "refused"


def _named(master: str, tag: str) -> RosterSet:
    content = small_set(tag)
    content.row("users", f"s1-{tag}")["userMasterIdentifier"] = master
    return content


async def test_attack_60_a_school_s_roster_does_not_say_who_somebody_is(here: Place) -> None:
    ours, theirs, master = uuid4().hex[:8], uuid4().hex[:8], f"M-{uuid4()}"
    school = await here.organisation(name=f"School {ours}")
    there = Place(here.app, school, here.admin)
    job = await imported(here.app, here.admin.http, school, _named(master, ours).zipped())
    assert job["state"] == "applied"
    assert ("master_not_believed", "users.csv", 2, "userMasterIdentifier") in places(
        await findings(here.admin.http, job)
    )
    squatter = await stored_person(there, f"s1-{ours}")
    assert squatter["master_identifier"] is None, "nor does it take the number first"

    other = await here.organisation(name=f"School {theirs}")
    right = f"/v1/organisations/{other}/identity-right"
    assert (await here.admin.http.put(right)).status_code == 204
    await imported(here.app, here.admin.http, other, _named(master, theirs).zipped())
    known = await stored_person(Place(here.app, other, here.admin), f"s1-{theirs}")
    assert known["master_identifier"] == master

    again = await imported(here.app, here.admin.http, school, _named(master, ours).zipped())
    assert again["state"] == "unchanged"
    right_here = f"/v1/organisations/{school}/identity-right"
    assert (await here.admin.http.put(right_here)).status_code == 204
    third = uuid4().hex[:8]
    await imported(here.app, here.admin.http, school, _named(master, third).zipped(), source="second")
    assert (await stored_person(there, f"s1-{third}"))["id"] == known["id"]


async def test_attack_61_nobody_decides_how_far_the_own_rosters_are_believed(here: Place, place: Any) -> None:
    district = await here.organisation(kind="district", name="District")
    school = await here.organisation(district, name="School")
    head = await here.somebody(school, "administrator")
    above = await here.somebody(district, "administrator")
    elsewhere: Place = await place()
    path = f"/v1/organisations/{school}/identity-right"
    assert (await head.http.put(path)).status_code == 403
    assert (await above.http.put(f"/v1/organisations/{district}/identity-right")).status_code == 403
    assert (await elsewhere.admin.http.put(path)).status_code == 404
    assert (await elsewhere.admin.http.get(path)).status_code == 404
    assert (await head.http.get(path)).json() == {"held": False, "organisation": None, "granted_at": None}
    assert (await above.http.put(path)).status_code == 204
    assert (await head.http.get(path)).json()["organisation"] == str(school)
    assert (await head.http.delete(path)).status_code == 403
    assert (await above.http.delete(path)).status_code == 204
    assert (await here.admin.http.put(f"/v1/organisations/{district}/identity-right")).status_code == 204
    assert (await head.http.get(path)).json()["organisation"] == str(district), "inherited"
    root = f"/v1/organisations/{here.root}/identity-right"
    assert (await here.admin.http.get(root)).json()["held"] is True
    for answer in (await here.admin.http.put(root), await here.admin.http.delete(root)):
        assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (409, "right-of-the-root")
