"""Rosters go on naming people whose records were merged, each by its own name."""

from typing import Any
from uuid import UUID, uuid4

from tests.integration.auth.places import Place
from tests.integration.auth.rosters.sets import RosterSet, findings, importing, small_set
from tests.integration.auth.rosters.stored import stored_person


async def _merge(here: Place, survivor: UUID, other: UUID) -> Any:
    return await here.admin.http.post(f"/v1/people/{survivor}/mergers", json={"other": str(other)})


def _renamed(content: RosterSet, title: str) -> RosterSet:
    """The set once more, changed a little, so that it is not the same set."""
    changed = content.copy()
    changed.row("classes", "K1")["title"] = title
    return changed


async def test_two_rosters_keep_naming_the_one_person(here: Place) -> None:
    tags = uuid4().hex[:8], uuid4().hex[:8]
    sets = {source: small_set(tag) for source, tag in zip(("A", "B"), tags, strict=True)}
    for source, content in sets.items():
        assert (await importing(here, content, source=source))["state"] == "applied"
    names = [f"s1-{tag}" for tag in tags]
    survivor, other = [(await stored_person(here, name))["id"] for name in names]
    assert (await _merge(here, survivor, other)).status_code == 204
    for source, content in sets.items():
        job = await importing(here, _renamed(content, f"K1 {source}"), source=source)
        assert job["state"] == "applied", job
        assert job["counts"]["people"].get("new", 0) == 0
        assert job["counts"]["accounts"].get("new", 0) == 0
        for kind in ("roles", "enrolments", "guardians"):
            assert job["counts"][kind].get("closed", 0) == 0, kind
    assert {(await stored_person(here, name))["id"] for name in names} == {survivor}
    guardians = (await here.admin.http.get(f"/v1/people/{survivor}")).json()["guardians"]
    assert len(guardians) == 2, "also the one of the roster that does not own the child any more"
    for table in ("role_assignment", "enrolment"):
        held = f"select count(*) from {table} where person_id = $1 and status = 'open'"
        assert await here.app.state.database.pool.fetchval(held, survivor) == 2, table


async def test_a_duplicate_in_one_roster_is_merged_once_the_roster_drops_it(here: Place) -> None:
    tag = uuid4().hex[:8]
    content = small_set(tag)
    await importing(here, content)
    survivor, other = [(await stored_person(here, f"s{n}-{tag}"))["id"] for n in (1, 2)]
    refused = await _merge(here, survivor, other)
    assert (refused.status_code, refused.json()["conflicts"]) == (409, ["same_roster"])
    dropped = content.copy()
    for file, column in (
        ("users", "sourcedId"),
        ("roles", "userSourcedId"),
        ("enrollments", "userSourcedId"),
    ):
        dropped.files[file] = [row for row in dropped.files[file] if row[column] != f"s2-{tag}"]
    assert (await importing(here, dropped))["state"] == "applied"
    assert (await _merge(here, survivor, other)).status_code == 204
    again = await importing(here, _renamed(dropped, "K1 again"))
    assert (again["state"], again["counts"]["people"].get("closed", 0)) == ("applied", 0)
    # Were the roster to name both again, it is asked which it means.
    both = await importing(here, content)
    assert both["state"] == "refused"
    assert "master_conflict" in {one["code"] for one in await findings(here.admin.http, both)}
