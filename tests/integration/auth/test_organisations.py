"""The tree: authority flows down it, never up or sideways; attacks 59 to 63 and 69."""

import asyncio
import json
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI

from tests.integration.auth.places import Place, Somebody


@pytest.fixture
async def tree(here: Place) -> dict[str, UUID]:
    """Two districts, a school in each."""
    north = await here.organisation(kind="district", name="North")
    south = await here.organisation(kind="district", name="South")
    return {
        "north": north,
        "south": south,
        "north school": await here.organisation(north, name="One"),
        "south school": await here.organisation(south, name="Two"),
    }


@pytest.fixture
async def north_admin(here: Place, tree: dict[str, UUID]) -> Somebody:
    return await here.somebody(tree["north"], "administrator")


async def found(who: Somebody, parent: UUID, **changes: Any) -> httpx.Response:
    return await who.http.post("/v1/organisations", json=_wish(parent) | changes)


def _wish(parent: UUID) -> dict[str, Any]:
    return {"parent": str(parent), "type": "school", "name": "New"}


async def move(who: Somebody, organisation: UUID, parent: UUID) -> httpx.Response:
    return await who.http.post(f"/v1/organisations/{organisation}/move", json={"parent": str(parent)})


async def test_an_administrator_founds_below_and_nowhere_else(
    here: Place, tree: dict[str, UUID], north_admin: Somebody
) -> None:
    made = await found(north_admin, tree["north"], identifier="SCH-1")
    assert made.status_code == 201
    assert made.json()["ancestors"] == [str(here.root), str(tree["north"]), made.json()["id"]]
    assert (made.json()["version"], made.json()["identifier"]) == (1, "SCH-1")
    assert (await found(north_admin, tree["north school"], type="department")).status_code == 201
    assert (await found(north_admin, here.root)).status_code == 403  # above: visible, not in charge
    assert (await found(north_admin, tree["south"])).status_code == 404  # beside: as if absent
    assert (await found(north_admin, uuid4())).status_code == 404


async def test_a_teacher_founds_nothing(here: Place, tree: dict[str, UUID]) -> None:
    teacher = await here.somebody(tree["north school"], "teacher")
    assert (await found(teacher, tree["north school"])).status_code == 403


@pytest.mark.parametrize(
    "changes",
    [
        {"name": ""},
        {"name": " "},
        {"name": "a\0b"},
        {"name": "x" * 300},
        {"type": "kingdom"},
        {"parent": "x"},
        {"id": str(uuid4())},
        {"ancestors": []},
        {"version": 7},
    ],
)
async def test_attack_59_malformed_or_too_much(here: Place, changes: dict[str, Any]) -> None:
    answer = await here.admin.http.post("/v1/organisations", json=_wish(here.root) | changes)
    assert answer.status_code == 422


@pytest.mark.parametrize("name", ["'; drop table organisation --", "100%", "a_b", '{"a": 1}', "<script>"])
async def test_attack_69_texts_are_literal(here: Place, name: str) -> None:
    made = await found(here.admin, here.root, name=name)
    assert made.json()["name"] == name
    children = await here.admin.http.get(f"/v1/organisations/{here.root}/children")
    assert [one["name"] for one in children.json()["items"]] == [name]


async def test_who_sees_what(here: Place, place: Any, tree: dict[str, UUID], north_admin: Somebody) -> None:
    elsewhere = await place()
    for organisation, status in [
        (tree["north"], 200),
        (tree["north school"], 200),
        (here.root, 200),
        (tree["south"], 404),
        (elsewhere.root, 404),
        (uuid4(), 404),
    ]:
        assert (await north_admin.http.get(f"/v1/organisations/{organisation}")).status_code == status
        children = await north_admin.http.get(f"/v1/organisations/{organisation}/children")
        assert children.status_code == status


async def test_children_come_in_pages(here: Place) -> None:
    names = sorted(f"School {number:02}" for number in range(7))
    for name in reversed(names):
        await here.organisation(name=name)
    shown: list[str] = []
    address: str | None = f"/v1/organisations/{here.root}/children?limit=3"
    while address:
        page = await here.admin.http.get(address)
        shown += [one["name"] for one in page.json()["items"]]
        link = page.headers.get("link")
        address = link.split(";")[0].strip("<>") if link else None
        assert (address is None) == (page.json()["next"] is None)
    assert shown == names


async def test_a_move_takes_everything_along(here: Place, tree: dict[str, UUID], auth_app: FastAPI) -> None:
    room = await here.organisation(tree["north school"], kind="department", name="Physics")
    moved = await move(here.admin, tree["north school"], tree["south"])
    assert moved.json()["ancestors"] == [str(here.root), str(tree["south"]), str(tree["north school"])]
    below = (await here.admin.http.get(f"/v1/organisations/{room}")).json()
    assert below["ancestors"] == [*moved.json()["ancestors"], str(room)]
    assert below["version"] == 2
    rows = await auth_app.state.database.pool.fetch(
        "select data from outbox where subject = any($1::text[]) and type = 'auth.organisation.changed.v1'"
        " order by position desc limit 2",
        [str(room), str(tree["north school"])],
    )
    told = [json.loads(row["data"]) for row in rows]
    assert [one["id"] for one in told] == [str(room), str(tree["north school"])]  # parents come first
    assert told[0]["ancestors"] == below["ancestors"]


async def test_attack_62_moving_below_itself(here: Place, tree: dict[str, UUID]) -> None:
    assert (await move(here.admin, tree["north"], tree["north"])).status_code == 409
    answer = await move(here.admin, tree["north"], tree["north school"])
    assert (answer.status_code, answer.json()["type"].rsplit("/", 1)[1]) == (409, "under-itself")
    assert (await move(here.admin, here.root, tree["north"])).status_code == 409


async def test_moving_needs_charge_of_both_places(
    here: Place, tree: dict[str, UUID], north_admin: Somebody
) -> None:
    assert (await move(north_admin, tree["north school"], tree["south"])).status_code == 404
    assert (await move(north_admin, tree["south school"], tree["north"])).status_code == 404
    assert (await move(north_admin, tree["north"], tree["north"])).status_code in (403, 409)
    school_admin = await here.somebody(tree["north school"], "administrator")
    inner = await here.organisation(tree["north school"], kind="department", name="Inner")
    assert (await move(school_admin, inner, tree["north"])).status_code == 403
    assert (await move(school_admin, tree["north school"], inner)).status_code == 409


async def test_two_moves_at_once_never_make_a_ring(here: Place) -> None:
    for _ in range(5):
        left = await here.organisation(kind="district", name="Left")
        right = await here.organisation(kind="district", name="Right")
        answers = await asyncio.gather(move(here.admin, left, right), move(here.admin, right, left))
        assert sorted(answer.status_code for answer in answers) == [200, 409]


async def test_a_tree_has_a_bottom(here: Place) -> None:
    parent = here.root
    for _ in range(11):
        parent = await here.organisation(parent, kind="department", name="Deeper")
    answer = await found(here.admin, parent)
    assert (answer.status_code, answer.json()["levels"]) == (409, 12)


async def test_closing(here: Place, tree: dict[str, UUID]) -> None:
    async def close(organisation: UUID) -> int:
        answer = await here.admin.http.post(f"/v1/organisations/{organisation}/closure")
        return int(answer.status_code)

    assert await close(tree["north"]) == 409
    assert await close(tree["north school"]) == 200
    assert await close(tree["north school"]) == 200
    assert await close(tree["north"]) == 200
    assert await close(here.root) == 409
    shown = (await here.admin.http.get(f"/v1/organisations/{tree['north']}")).json()
    assert (shown["status"], shown["version"]) == ("closed", 2)
    assert (await found(here.admin, tree["north"])).status_code == 409
    assert (await move(here.admin, tree["south"], tree["north"])).status_code == 409


async def test_what_a_hand_changes_is_decided(here: Place, tree: dict[str, UUID], auth_app: FastAPI) -> None:
    address = f"/v1/organisations/{tree['north']}"
    assert (await here.admin.http.patch(address, json={"name": "Norden"})).json()["name"] == "Norden"
    assert (await here.admin.http.patch(address, json={"identifier": None})).status_code == 200
    assert (await here.admin.http.patch(address, json={"name": None})).status_code == 422
    assert (await here.admin.http.patch(address, json={})).json()["version"] == 3
    decided = await auth_app.state.database.pool.fetchval(
        "select decided from organisation where id = $1", tree["north"]
    )
    assert sorted(decided) == ["identifier", "name"]


async def test_no_token_no_answer(http: httpx.AsyncClient, here: Place) -> None:
    for address in ("/v1/me", f"/v1/organisations/{here.root}", "/v1/sessions", "/v1/audit"):
        answer = await http.get(address)
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
