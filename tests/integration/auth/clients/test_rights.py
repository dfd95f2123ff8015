"""Rights of organisations: what their clients may hold is given from above, inherited, and taken at once."""

from typing import Any
from uuid import UUID

import httpx
from fastapi import FastAPI

from tests.integration.auth.clients.conftest import Grounds
from tests.integration.auth.clients.proofs import GRANT, refused
from tests.integration.auth.places import new_place


def rights(organisation: UUID) -> str:
    return f"/v1/organisations/{organisation}/client-rights"


async def decide(who: httpx.AsyncClient, organisation: UUID, *scopes: str) -> dict[str, Any]:
    answer = await who.put(rights(organisation), json={"scopes": list(scopes)})
    assert answer.status_code == 200, answer.text
    decided: dict[str, Any] = answer.json()
    return decided


async def scope_of(http: httpx.AsyncClient, client: dict[str, Any]) -> str:
    proof = (client["client_id"], client["client_secret"])
    scope: str = (await http.post("/oauth/token", data=GRANT, auth=proof)).json()["scope"]
    return scope


async def test_without_a_decision_the_usual_rights_are_inherited(fresh: Grounds) -> None:
    shown = (await fresh.head.http.get(rights(fresh.school))).json()
    assert shown["decided"] is None
    assert {"credits.post", "openid", "offline_access"} <= set(shown["scopes"])
    assert not {"account", "organisations.manage", "events.read"} & set(shown["scopes"])
    assert shown["possible"] == shown["scopes"]


async def test_a_right_withdrawn_is_missing_from_the_next_token(
    fresh: Grounds, http: httpx.AsyncClient
) -> None:
    client = await fresh.client(scopes=["credits.post", "people.read"])
    assert await scope_of(http, client) == "credits.post people.read"
    decided = await decide(fresh.root, fresh.school, "people.read", "openid")
    assert decided["decided"] == decided["scopes"] == ["openid", "people.read"]
    assert await scope_of(http, client) == "people.read"
    proof = (client["client_id"], client["client_secret"])
    wide = await http.post("/oauth/token", data=GRANT | {"scope": "credits.post"}, auth=proof)
    refused(wide, "invalid_scope")
    shown = (await fresh.head.http.get(f"/v1/clients/{client['id']}")).json()
    assert (shown["scopes"], shown["withdrawn_scopes"]) == (["credits.post", "people.read"], ["credits.post"])
    again = await fresh.register(scopes=["credits.post"])
    assert again.status_code == 403
    assert again.json()["possible"] == "people.read"
    await decide(fresh.root, fresh.school)
    nothing = await http.post("/oauth/token", data=GRANT, auth=proof)
    refused(nothing, "invalid_scope")
    inherits = await fresh.root.put(rights(fresh.school), json={"scopes": None})
    assert inherits.json()["decided"] is None
    assert await scope_of(http, client) == "credits.post people.read"


async def test_rights_flow_down_and_never_grow(fresh: Grounds, http: httpx.AsyncClient) -> None:
    district = await fresh.place.organisation(kind="district")
    school = await fresh.place.organisation(district)
    await fresh.place.role(fresh.head.id, district, "administrator")
    client = await fresh.client(organisation=str(school), scopes=["credits.post", "people.read"])
    await decide(fresh.root, district, "people.read", "openid")
    assert await scope_of(http, client) == "people.read"
    shown = (await fresh.head.http.get(rights(school))).json()
    assert (shown["decided"], shown["scopes"]) == (None, ["openid", "people.read"])
    more = await fresh.head.http.put(rights(school), json={"scopes": ["people.read", "credits.post"]})
    assert (more.status_code, more.json()["possible"]) == (403, "openid, people.read")
    assert (await decide(fresh.head.http, school, "openid"))["scopes"] == ["openid"]
    refused(
        await http.post("/oauth/token", data=GRANT, auth=(client["client_id"], client["client_secret"])),
        "invalid_scope",
    )
    # what is given back above does not come back below a narrower decision
    await decide(fresh.root, district, "people.read", "openid", "credits.post")
    assert (await fresh.head.http.get(rights(school))).json()["scopes"] == ["openid"]


async def test_a_moved_organisation_has_the_rights_of_its_new_place(
    fresh: Grounds, http: httpx.AsyncClient
) -> None:
    client = await fresh.client()
    narrow = await fresh.place.organisation(kind="district")
    await decide(fresh.root, narrow, "people.read")
    assert await scope_of(http, client) == "credits.post"
    moved = await fresh.root.post(f"/v1/organisations/{fresh.school}/move", json={"parent": str(narrow)})
    assert moved.status_code == 200
    proof = (client["client_id"], client["client_secret"])
    refused(await http.post("/oauth/token", data=GRANT, auth=proof), "invalid_scope")


async def test_attack_64_nobody_widens_the_own_rights(auth_app: FastAPI, fresh: Grounds) -> None:
    own = await fresh.head.http.put(rights(fresh.school), json={"scopes": ["credits.post"]})
    assert (own.status_code, own.json()["type"].rpartition("/")[2]) == (403, "not-in-charge")
    above = await fresh.head.http.put(rights(fresh.place.root), json={"scopes": ["credits.post"]})
    assert above.status_code == 403
    elsewhere = await new_place(auth_app)
    for method in ("GET", "PUT"):
        body = {"scopes": ["credits.post"]} if method == "PUT" else None
        answer = await elsewhere.admin.http.request(method, rights(fresh.school), json=body)
        assert answer.status_code == 404
    for scope in ("events.read", "anything", "' or true --"):
        answer = await fresh.root.put(rights(fresh.school), json={"scopes": [scope]})
        assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (403, "right-not-held-above")
    teacher = await fresh.place.somebody(fresh.school, "teacher")
    assert (await teacher.http.get(rights(fresh.school))).status_code == 403


async def test_the_root_decides_what_is_unusual(auth_app: FastAPI) -> None:
    place = await new_place(auth_app)
    school = await place.organisation()
    wish = {
        "organisation": str(school),
        "name": "Portal",
        "kind": "web",
        "scopes": ["account", "openid"],
        "redirect_uris": ["https://portal.example/"],
    }
    assert (await place.admin.http.post("/v1/clients", json=wish)).status_code == 403
    shown = (await place.admin.http.get(rights(place.root))).json()
    decided = await decide(place.admin.http, place.root, *shown["possible"])
    assert "account" in decided["scopes"]
    assert (await place.admin.http.post("/v1/clients", json=wish)).status_code == 201
    read = await place.admin.http.get("/v1/audit", params={"organisation": str(place.root)})
    entry = next(one for one in read.json()["items"] if one["action"] == "client.rights_decided")
    assert (entry["organisation"], entry["data"]["was"]) == (str(place.root), None)
    assert entry["data"]["now"] == decided["decided"]
