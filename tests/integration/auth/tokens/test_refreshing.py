"""Refresh tokens: each works once, and what is odd ends the family; attacks 7, 31, 32 and 33."""

import asyncio
from collections.abc import Awaitable, Callable
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI

from tests.integration.auth.places import PASSWORD, Place, Somebody, sign_in
from tests.integration.auth.tokens.grants import (
    DEFAULT,
    Application,
    actions_about,
    application,
    claims_of,
    refused,
    tokens,
    works,
)

OFFLINE = (*DEFAULT, "offline_access")
Newcomer = Callable[[], Awaitable[Somebody]]


def family_of(client: Application, access_token: str) -> UUID:
    return UUID(claims_of(client, access_token).members["family"])


async def test_basic_refresh(http: httpx.AsyncClient, web: Application, pupil: Somebody) -> None:
    first = await tokens(http, web, pupil, nonce="of the first")
    answer = await web.refresh(http, first["refresh_token"])
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    second = answer.json()
    assert second["refresh_token"] != first["refresh_token"]
    assert second["scope"] == first["scope"]
    before = claims_of(web, first["id_token"], use="id").members
    after = claims_of(web, second["id_token"], use="id").members
    for name in ("iss", "sub", "aud", "auth_time", "acr", "amr", "sid"):  # OpenID Connect Core, 12.2
        assert after[name] == before[name]
    assert "nonce" not in after
    assert await works(http, first["access_token"])
    assert await works(http, second["access_token"])
    assert (await web.refresh(http, second["refresh_token"])).status_code == 200


async def test_a_public_client_refreshes(
    http: httpx.AsyncClient, browser: Application, pupil: Somebody
) -> None:
    issued = await tokens(http, browser, pupil)
    again = await browser.refresh(http, issued["refresh_token"])
    assert again.status_code == 200, again.text
    assert claims_of(browser, again.json()["id_token"], use="id").subject == str(pupil.id)


async def test_attack_31_a_replayed_refresh_token_ends_the_family(
    http: httpx.AsyncClient, other_worker: httpx.AsyncClient, web: Application, pupil: Somebody
) -> None:
    first = await tokens(http, web, pupil)
    second = (await web.refresh(http, first["refresh_token"])).json()
    third = (await web.refresh(http, second["refresh_token"])).json()
    elsewhere = await tokens(http, web, pupil)  # another sign-in at the same application
    refused(await web.refresh(other_worker, first["refresh_token"]), "invalid_grant")
    for dead in (first, second, third):
        refused(await web.refresh(http, dead["refresh_token"]), "invalid_grant")
        assert await web.introspect(http, dead["access_token"]) == {"active": False}
        assert (await http.get("/oauth/userinfo", headers=bearer(dead))).status_code == 401
    assert (await actions_about(pupil)).count("tokens.replayed") >= 1
    assert await works(http, elsewhere["access_token"])
    assert (await web.refresh(http, elsewhere["refresh_token"])).status_code == 200


async def test_attack_32_eight_parallel_refreshes_over_two_workers(
    http: httpx.AsyncClient, other_worker: httpx.AsyncClient, web: Application, pupil: Somebody
) -> None:
    for _ in range(3):
        issued = await tokens(http, web, pupil)
        asked = (
            web.refresh((http, other_worker)[number % 2], issued["refresh_token"]) for number in range(8)
        )
        answers = await asyncio.gather(*asked)
        won = [answer for answer in answers if answer.status_code == 200]
        assert len(won) <= 1
        for answer in answers:
            if answer not in won:
                refused(answer, "invalid_grant")
        for answer in won:  # the others were replays
            refused(await web.refresh(http, answer.json()["refresh_token"]), "invalid_grant")
            assert await web.introspect(http, answer.json()["access_token"]) == {"active": False}


async def test_attack_33_by_another_client(
    auth_app: FastAPI, http: httpx.AsyncClient, web: Application, browser: Application, pupil: Somebody
) -> None:
    issued = await tokens(http, web, pupil)
    for other in (await application(auth_app), browser):
        refused(await other.refresh(http, issued["refresh_token"]), "invalid_grant")
    named = {"grant_type": "refresh_token", "refresh_token": issued["refresh_token"]}
    answer = await http.post("/oauth/token", data=named | {"client_id": web.client_id})
    refused(answer, "invalid_client", 401)
    assert (await web.refresh(http, issued["refresh_token"])).status_code == 200


async def test_attack_33_a_wider_scope_uses_nothing_up(
    http: httpx.AsyncClient, web: Application, pupil: Somebody
) -> None:
    issued = await tokens(http, web, pupil, audiences=("urn:xuebu:auth", "urn:xuebu:spaces"))
    token = issued["refresh_token"]
    for scope in ("openid credits.read", "email", "organisations.manage", " "):
        refused(await web.refresh(http, token, scope=scope), "invalid_scope")
    for resource in ("urn:xuebu:creditbank", "urn:xuebu:nowhere", "https://evil.example"):
        refused(await web.refresh(http, token, resource=resource), "invalid_target")
    refused(await web.refresh(http, token, scope="account", resource="urn:xuebu:spaces"), "invalid_scope")
    narrow = (await web.refresh(http, token, scope="spaces.read")).json()
    assert narrow["scope"] == "spaces.read"
    assert "id_token" not in narrow
    assert claims_of(web, narrow["access_token"]).audiences == ("urn:xuebu:spaces",)
    whole = (await web.refresh(http, narrow["refresh_token"])).json()
    assert whole["scope"] == issued["scope"]
    one = (await web.refresh(http, whole["refresh_token"], resource="urn:xuebu:spaces")).json()
    assert one["scope"] == "account openid spaces.read"


async def test_attack_33_after_a_new_password(
    auth_app: FastAPI, http: httpx.AsyncClient, home: Place, web: Application, newcomer: Newcomer
) -> None:
    somebody = await newcomer()
    families = [await tokens(http, web, somebody, scopes=scopes) for scopes in (DEFAULT, OFFLINE)]
    code = await home.admin.http.post(f"/v1/people/{somebody.id}/activation-codes", json={})
    activation = {"code": code.json()["code"], "password": f"another {PASSWORD}"}
    assert (await http.post("/v1/activations", json=activation)).status_code == 200
    for issued in families:
        refused(await web.refresh(http, issued["refresh_token"]), "invalid_grant")
        assert not await works(http, issued["access_token"])
    back = await sign_in(auth_app, somebody.username, f"another {PASSWORD}")
    assert (await web.refresh(http, (await tokens(http, web, back))["refresh_token"])).status_code == 200


async def test_attack_33_after_logout(http: httpx.AsyncClient, web: Application, newcomer: Newcomer) -> None:
    somebody = await newcomer()
    issued = await tokens(http, web, somebody)
    assert (await somebody.http.delete("/v1/sessions/current")).status_code == 204
    refused(await web.refresh(http, issued["refresh_token"]), "invalid_grant")
    assert await web.introspect(http, issued["access_token"]) == {"active": False}


async def test_attack_13_after_a_suspension(
    http: httpx.AsyncClient, home: Place, web: Application, newcomer: Newcomer
) -> None:
    somebody = await newcomer()
    families = [await tokens(http, web, somebody, scopes=scopes) for scopes in (DEFAULT, OFFLINE)]
    suspension = f"/v1/people/{somebody.id}/account/suspension"
    assert (await home.admin.http.post(suspension)).status_code < 300
    for issued in families:
        assert await web.introspect(http, issued["access_token"]) == {"active": False}
        refused(await web.refresh(http, issued["refresh_token"]), "invalid_grant")
        assert (await http.get("/oauth/userinfo", headers=bearer(issued))).status_code == 401


async def test_offline_access_outlives_the_session_and_nothing_else_does(
    auth_app: FastAPI, http: httpx.AsyncClient, web: Application, newcomer: Newcomer
) -> None:
    somebody = await newcomer()
    online = await tokens(http, web, somebody)
    offline = await tokens(http, web, somebody, scopes=OFFLINE)
    await auth_app.state.database.pool.execute(
        "update session set expires_at = now() where id = $1", somebody.session
    )
    refused(await web.refresh(http, online["refresh_token"]), "invalid_grant")
    again = await web.refresh(http, offline["refresh_token"])
    assert again.status_code == 200, again.text
    assert "offline_access" in again.json()["scope"]
    assert await web.introspect(http, again.json()["access_token"]) != {"active": False}


@pytest.mark.parametrize("column", ["refresh_token.expires_at", "token_family.expires_at"])
async def test_refresh_tokens_end_after_a_pause_and_families_after_their_time(
    auth_app: FastAPI, http: httpx.AsyncClient, web: Application, pupil: Somebody, column: str
) -> None:
    pool = auth_app.state.database.pool
    issued = await tokens(http, web, pupil, scopes=OFFLINE)
    family = family_of(web, issued["access_token"])
    lives = await pool.fetchrow(
        "select f.expires_at - f.created_at as family, t.expires_at - t.created_at as token"
        " from token_family f join refresh_token t on t.family_id = f.id where f.id = $1",
        family,
    )
    assert (lives["family"].days, lives["token"].days) == (30, 14)
    table, _, name = column.partition(".")
    key = "id" if table == "token_family" else "family_id"
    await pool.execute(f"update {table} set {name} = now() where {key} = $1", family)
    refused(await web.refresh(http, issued["refresh_token"]), "invalid_grant")
    refused(await web.refresh(http, issued["refresh_token"], scope="email"), "invalid_grant")


async def test_a_family_of_a_session_ends_with_it_at_the_latest(
    auth_app: FastAPI, http: httpx.AsyncClient, web: Application, pupil: Somebody
) -> None:
    issued = await tokens(http, web, pupil)
    ends = await auth_app.state.database.pool.fetchrow(
        "select f.expires_at as family, s.expires_at as session, t.expires_at as token from token_family f"
        " join session s on s.id = f.session_id join refresh_token t on t.family_id = f.id where f.id = $1",
        family_of(web, issued["access_token"]),
    )
    assert ends["family"] == ends["session"] == ends["token"]


async def test_scopes_taken_from_the_client_are_gone_at_the_next_refresh(
    auth_app: FastAPI, http: httpx.AsyncClient, pupil: Somebody
) -> None:
    client = await application(auth_app)
    issued = await tokens(http, client, pupil)
    await auth_app.state.database.pool.execute(
        "update client set scopes = '{openid,spaces.read}' where id = $1", client.id
    )
    again = (await client.refresh(http, issued["refresh_token"])).json()
    assert again["scope"] == "openid spaces.read"
    await auth_app.state.database.pool.execute("update client set scopes = '{}' where id = $1", client.id)
    refused(await client.refresh(http, again["refresh_token"]), "invalid_scope")


async def test_attack_65_a_suspended_client_refreshes_nothing(
    auth_app: FastAPI, http: httpx.AsyncClient, pupil: Somebody
) -> None:
    for kind in ("web", "native"):
        client = await application(auth_app, kind)
        issued = await tokens(http, client, pupil)
        pool = auth_app.state.database.pool
        await pool.execute("update client set status = 'suspended' where id = $1", client.id)
        refused(await client.refresh(http, issued["refresh_token"]), "invalid_client", 401)
        assert (await http.get("/oauth/userinfo", headers=bearer(issued))).status_code == 401


async def test_attack_7_no_other_token_is_an_access_or_a_refresh_token(
    http: httpx.AsyncClient, web: Application, pupil: Somebody
) -> None:
    issued = await tokens(http, web, pupil)
    for name in ("refresh_token", "id_token"):
        for address in ("/oauth/userinfo", "/v1/me"):
            header = {"Authorization": f"Bearer {issued[name]}"}
            assert (await http.get(address, headers=header)).status_code == 401
    assert await web.introspect(http, issued["id_token"]) == {"active": False}
    for name in ("access_token", "id_token"):
        refused(await web.refresh(http, issued[name]), "invalid_grant")
    for odd in (str(uuid4()), "x", "é" * 10, "' or true --"):
        refused(await web.refresh(http, odd), "invalid_grant")
    refused(await web.ask(http, grant_type="refresh_token"), "invalid_request")


async def test_refresh_tokens_are_kept_as_digests(
    auth_app: FastAPI, http: httpx.AsyncClient, web: Application, pupil: Somebody
) -> None:
    issued = await tokens(http, web, pupil)
    kept = await auth_app.state.database.pool.fetch(
        "select digest::text || family_id::text as row from refresh_token where family_id = $1",
        family_of(web, issued["access_token"]),
    )
    assert len(kept) == 1
    assert issued["refresh_token"] not in kept[0]["row"]


def bearer(issued: dict[str, str]) -> dict[str, str]:
    return {"Authorization": f"Bearer {issued['access_token']}"}
