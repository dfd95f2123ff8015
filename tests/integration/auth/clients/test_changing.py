"""Changing, listing and suspending clients, and secrets that turn without a pause."""

from typing import Any
from uuid import uuid4

import httpx
import orjson
from fastapi import FastAPI

from services.auth.clients import service as clients
from tests.integration.auth.clients.conftest import Grounds
from tests.integration.auth.clients.proofs import GRANT, Signer, refused, token_by_secret


async def test_a_change_touches_what_it_names(grounds: Grounds) -> None:
    client = await grounds.application(scopes=["openid", "email"])
    client.pop("client_secret")
    address = f"/v1/clients/{client['id']}"
    change = {"name": "New", "redirect_uris": ["https://app.example/new"], "id_token_alg": "ES256"}
    changed = (await grounds.head.http.patch(address, json=change)).json()
    assert changed == client | change
    assert (await grounds.head.http.patch(address, json={})).json() == changed
    nothing: dict[str, Any]
    for nothing in ({"name": None}, {"scopes": []}, {"redirect_uris": []}, {"scopes": None}):
        assert (await grounds.head.http.patch(address, json=nothing)).status_code == 422
    found = await clients.find(grounds.place.app.state.clients, client["client_id"])
    assert found is not None
    assert (found.name, found.kind, found.redirect_uris) == ("New", "web", ("https://app.example/new",))
    assert found.scopes == {"openid", "email"}


async def test_a_scope_taken_away_is_missing_from_the_next_token(
    grounds: Grounds, http: httpx.AsyncClient
) -> None:
    client = await grounds.client(scopes=["credits.post", "people.read"])
    proof = (client["client_id"], client["client_secret"])
    both = await http.post("/oauth/token", data=GRANT, auth=proof)
    assert both.json()["scope"] == "credits.post people.read"
    change = {"scopes": ["people.read"]}
    assert (await grounds.head.http.patch(f"/v1/clients/{client['id']}", json=change)).status_code == 200
    one = await http.post("/oauth/token", data=GRANT, auth=proof)
    assert one.json()["scope"] == "people.read"
    wide = await http.post("/oauth/token", data=GRANT | {"scope": "credits.post"}, auth=proof)
    refused(wide, "invalid_scope")


async def test_secrets_turn_with_overlap(
    grounds: Grounds, auth_app: FastAPI, http: httpx.AsyncClient
) -> None:
    client = await grounds.client()
    address = f"/v1/clients/{client['id']}"
    answer = await grounds.head.http.post(f"{address}/secrets", json={"others_end_in_hours": 1})
    assert (answer.status_code, answer.headers["cache-control"]) == (201, "no-store")
    new = answer.json()
    assert new["expires_at"] is None
    assert await token_by_secret(http, client) == 200
    assert await token_by_secret(http, client, new["client_secret"]) == 200
    old, young = (await grounds.head.http.get(address)).json()["secrets"]
    assert (old["id"], young["id"]) == (client["secrets"][0]["id"], new["id"])
    assert old["expires_at"] is not None
    assert young["expires_at"] is None
    await auth_app.state.database.pool.execute(
        "update client_secret set expires_at = now() where id = $1", old["id"]
    )
    assert await token_by_secret(http, client) == 401
    assert await token_by_secret(http, client, new["client_secret"]) == 200
    assert [one["id"] for one in (await grounds.head.http.get(address)).json()["secrets"]] == [new["id"]]


async def test_a_later_rotation_prolongs_nothing(grounds: Grounds) -> None:
    client = await grounds.client()
    address = f"/v1/clients/{client['id']}"
    for hours in (1, 700):
        await grounds.head.http.post(f"{address}/secrets", json={"others_end_in_hours": hours})
    first, second, third = (await grounds.head.http.get(address)).json()["secrets"]
    assert first["expires_at"] < second["expires_at"]
    assert third["expires_at"] is None
    await grounds.head.http.post(f"{address}/secrets", json={})
    many = await grounds.head.http.post(f"{address}/secrets", json={})
    assert (many.status_code, many.json()["type"].rpartition("/")[2]) == (409, "too-many-secrets")
    assert len((await grounds.head.http.get(address)).json()["secrets"]) == 4
    for wrong in (-1, 721, "x"):
        answer = await grounds.head.http.post(f"{address}/secrets", json={"others_end_in_hours": wrong})
        assert answer.status_code == 422


async def test_attack_65_a_secret_ended_is_refused_at_once(grounds: Grounds, http: httpx.AsyncClient) -> None:
    client = await grounds.client()
    address = f"/v1/clients/{client['id']}/secrets"
    at_once = (await grounds.head.http.post(address, json={"others_end_in_hours": 0})).json()
    assert await token_by_secret(http, client) == 401
    assert await token_by_secret(http, client, at_once["client_secret"]) == 200
    ended = await grounds.head.http.delete(f"{address}/{at_once['id']}")
    assert (ended.status_code, ended.content) == (204, b"")
    assert await token_by_secret(http, client, at_once["client_secret"]) == 401
    assert await token_by_secret(http, client, "") == 401
    assert (await grounds.head.http.delete(f"{address}/{at_once['id']}")).status_code == 404
    other = await grounds.client()
    foreign = f"{address}/{other['secrets'][0]['id']}"
    assert (await grounds.head.http.delete(foreign)).status_code == 404
    assert await token_by_secret(http, other) == 200


async def test_public_clients_get_no_secret(grounds: Grounds) -> None:
    for kind in ("native", "browser"):
        client = await grounds.application(kind)
        answer = await grounds.head.http.post(f"/v1/clients/{client['id']}/secrets", json={})
        assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (
            409,
            "client-keeps-no-secret",
        )


async def test_attack_65_suspension_ends_tokens_that_were_given(
    fresh: Grounds, auth_app: FastAPI, http: httpx.AsyncClient
) -> None:
    client = await fresh.client(scopes=["people.read"])
    proof = (client["client_id"], client["client_secret"])
    token = (await http.post("/oauth/token", data=GRANT, auth=proof)).json()["access_token"]
    header = {"Authorization": f"Bearer {token}"}
    people = f"/v1/organisations/{fresh.school}/people"
    assert (await http.get(people, headers=header)).status_code == 200
    suspended = await fresh.head.http.post(f"/v1/clients/{client['id']}/suspension")
    assert suspended.json()["status"] == "suspended"
    assert (await http.get(people, headers=header)).status_code == 401
    assert await token_by_secret(http, client) == 401
    assert await clients.find(auth_app.state.clients, client["client_id"]) is None
    resumed = await fresh.head.http.delete(f"/v1/clients/{client['id']}/suspension")
    assert resumed.json()["status"] == "active"
    assert await token_by_secret(http, client) == 200
    assert (await http.get(people, headers=header)).status_code == 401


async def test_a_closed_client_is_gone_for_good(
    fresh: Grounds, auth_app: FastAPI, http: httpx.AsyncClient
) -> None:
    client, other = await fresh.client(scopes=["people.read"]), await fresh.client()
    address, head = f"/v1/clients/{client['id']}", fresh.head.http
    proof = (client["client_id"], client["client_secret"])
    token = (await http.post("/oauth/token", data=GRANT, auth=proof)).json()["access_token"]
    people, header = f"/v1/organisations/{fresh.school}/people", {"Authorization": f"Bearer {token}"}
    assert (await http.get(people, headers=header)).status_code == 200
    stranger = await fresh.place.somebody(fresh.school, "teacher")
    assert (await stranger.http.delete(address)).status_code == 403
    assert (await head.delete(address)).status_code == 204
    assert (await http.get(people, headers=header)).status_code == 401
    assert await token_by_secret(http, client) == 401
    assert await clients.find(auth_app.state.clients, client["client_id"]) is None
    for answer in (
        await head.get(address),
        await head.patch(address, json={"name": "Back"}),
        await head.post(f"{address}/secrets", json={}),
        await head.post(f"{address}/suspension"),
        await head.delete(f"{address}/suspension"),
        await head.delete(address),
    ):
        assert answer.status_code == 404
    listed = (await head.get("/v1/clients", params={"organisation": str(fresh.school)})).json()["items"]
    assert [one["id"] for one in listed] == [other["id"]]
    secrets = "select count(*) from client_secret where client_id = $1"
    assert await auth_app.state.database.pool.fetchval(secrets, client["id"]) == 0
    read = (await head.get("/v1/audit", params={"organisation": str(fresh.school)})).json()["items"]
    assert [one["action"] for one in read if one["data"].get("client") == client["id"]] == [
        "client.closed",
        "client.registered",
    ]


async def test_the_list_has_what_is_below_and_pages(fresh: Grounds) -> None:
    made = [await fresh.client(), await fresh.application("native"), await fresh.application("browser")]
    query: dict[str, str | int] = {"organisation": str(fresh.school), "limit": 2}
    first = (await fresh.root.get("/v1/clients", params=query)).json()
    second = (await fresh.root.get("/v1/clients", params=query | {"cursor": first["next"]})).json()
    listed = [*first["items"], *second["items"]]
    assert [one["id"] for one in listed] == [one["id"] for one in made]
    assert [one["authentication"] for one in listed] == ["secret", "none", "none"]
    assert second["next"] is None
    everything = await fresh.root.get(
        "/v1/clients", params={"organisation": str(fresh.place.root), "limit": 200}
    )
    assert {one["id"] for one in made} <= {one["id"] for one in everything.json()["items"]}
    assert made[0]["client_secret"] not in everything.text
    foreign = await fresh.root.get("/v1/clients", params={"organisation": str(uuid4())})
    assert foreign.status_code == 404


async def test_every_change_is_in_the_audit(fresh: Grounds) -> None:
    client = await fresh.client()
    address = f"/v1/clients/{client['id']}"
    await fresh.head.http.patch(address, json={"name": "New"})
    secret = (await fresh.head.http.post(f"{address}/secrets", json={})).json()
    await fresh.head.http.delete(f"{address}/secrets/{secret['id']}")
    await fresh.head.http.post(f"{address}/suspension")
    await fresh.head.http.post(f"{address}/suspension")
    await fresh.head.http.delete(f"{address}/suspension")
    read = await fresh.head.http.get("/v1/audit", params={"organisation": str(fresh.school)})
    entries = [one for one in reversed(read.json()["items"]) if one["data"].get("client") == client["id"]]
    assert [one["action"] for one in entries] == [
        "client.registered",
        "client.changed",
        "client.secret_issued",
        "client.secret_ended",
        "client.suspended",
        "client.resumed",
    ]
    assert {one["actor"] for one in entries} == {str(fresh.head.id)}
    assert entries[1]["data"]["fields"] == ["name"]
    assert client["client_secret"] not in read.text
    assert secret["client_secret"] not in read.text


async def test_origins_are_those_of_active_browser_clients(fresh: Grounds) -> None:
    pool = fresh.place.app.state.database.pool
    host = f"https://{uuid4().hex}.example"
    web = f"https://{uuid4().hex}.example"
    client = await fresh.application("browser", redirect_uris=[f"{host}/a", f"{host}/b"])
    await fresh.application(redirect_uris=[f"{web}/a"])
    assert await clients.has_origin(pool, host)
    for other in (web, "null", "", f"{host}.evil.example", f"{host}:444", host.upper(), f"{host}/"):
        assert not await clients.has_origin(pool, other), other
    await fresh.head.http.post(f"/v1/clients/{client['id']}/suspension")
    assert not await clients.has_origin(pool, host)


async def test_others_are_told_who_can_act_as_a_client(grounds: Grounds) -> None:
    """Whoever registers one, is shown a secret or sets the keys, and nobody for looking or renaming."""
    client = await grounds.client(kind="machine")
    address = f"/v1/clients/{client['id']}"

    async def told() -> list[dict[str, str]]:
        rows = await grounds.place.app.state.database.pool.fetch(
            "select data from outbox where subject = $1 and type = 'auth.client.entrusted.v1'", client["id"]
        )
        return [orjson.loads(row["data"]) for row in rows]

    head = {"id": client["id"], "person": str(grounds.head.id)}
    assert await told() == [head]
    await grounds.head.http.get(address)
    await grounds.head.http.patch(address, json={"name": "Renamed"})
    assert await told() == [head]
    await grounds.head.http.post(f"{address}/secrets", json={"others_end_in_hours": 1})
    keys = {"public_keys": {"keys": [Signer.new().public]}}
    assert (await grounds.head.http.patch(address, json=keys)).status_code == 200
    assert await told() == [head] * 3
