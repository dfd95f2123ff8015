"""Introspection and revocation: RFC 7662, RFC 7009, and attacks 11, 13, 39 and 40."""

import time
from collections.abc import Awaitable, Callable

import httpx
import pytest
from fastapi import FastAPI

from tests.integration.auth.places import ADDRESS, Place, Somebody, sign_in
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

INACTIVE = {"active": False}


async def test_a_live_token_as_its_client_sees_it(
    http: httpx.AsyncClient, web: Application, pupil: Somebody
) -> None:
    issued = await tokens(http, web, pupil)
    answer = await web.ask(
        http, "/oauth/introspect", token=issued["access_token"], token_type_hint="access_token"
    )
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-type"] == "application/json"
    told = answer.json()
    assert told["active"] is True
    assert (told["iss"], told["sub"], told["client_id"]) == (ADDRESS, str(pupil.id), web.client_id)
    assert (told["username"], told["token_type"]) == (pupil.username, "Bearer")
    assert told["scope"] == issued["scope"]
    assert told["exp"] > time.time()
    assert {"jti", "iat", "aud", "sid", "family", "role"} <= told.keys()


async def test_a_refresh_token_as_its_client_sees_it(
    http: httpx.AsyncClient, web: Application, pupil: Somebody
) -> None:
    issued = await tokens(http, web, pupil)
    told = await web.introspect(http, issued["refresh_token"])
    assert told["active"] is True
    assert (told["sub"], told["scope"]) == (str(pupil.id), " ".join(sorted(DEFAULT)))
    await web.refresh(http, issued["refresh_token"])
    assert await web.introspect(http, issued["refresh_token"]) == INACTIVE


async def test_a_service_of_the_platform_asks_about_every_access_token(
    http: httpx.AsyncClient, home: Place, web: Application, platform_service: Application, pupil: Somebody
) -> None:
    issued = await tokens(http, web, pupil)
    assert (await platform_service.introspect(http, issued["access_token"]))["active"] is True
    assert await platform_service.introspect(http, issued["refresh_token"]) == INACTIVE
    frontend = pupil.http.headers["Authorization"].removeprefix("Bearer ")
    assert (await platform_service.introspect(http, frontend))["sub"] == str(pupil.id)
    machine = await home.client(home.root, "people.read")
    proof = (machine["client_id"], machine["client_secret"])
    token = (await http.post("/oauth/token", data={"grant_type": "client_credentials"}, auth=proof)).json()
    told = await platform_service.introspect(http, token["access_token"])
    assert (told["active"], told["org"]) == (True, str(home.root))
    assert "username" not in told
    own = await http.post("/oauth/introspect", data={"token": token["access_token"]}, auth=proof)
    assert own.json()["active"] is True
    foreign = await http.post("/oauth/introspect", data={"token": issued["access_token"]}, auth=proof)
    assert foreign.json() == INACTIVE


@pytest.mark.parametrize(
    "statement",
    [
        "update account set state = 'disabled' where person_id = $1",
        "update person set status = 'closed' where id = $1",
        "update token_family set ended_at = now(), ended_by = 'revoked' where person_id = $1",
        "update client set status = 'suspended' where id ="
        " (select client_id from token_family where person_id = $1 order by id desc limit 1)",
    ],
)
async def test_what_the_database_knows_ends_a_token_without_any_revocation(
    auth_app: FastAPI,
    http: httpx.AsyncClient,
    platform_service: Application,
    newcomer: Callable[[], Awaitable[Somebody]],
    statement: str,
) -> None:
    """Revocations are for those who cannot ask; whoever asks is told what is so."""
    somebody, asking = await newcomer(), await application(auth_app, "web")
    own = (await tokens(http, asking, somebody))["access_token"]
    assert (await platform_service.introspect(http, own))["active"] is True
    await auth_app.state.database.pool.execute(statement, somebody.id)
    assert await platform_service.introspect(http, own) == INACTIVE
    answer = await http.get("/oauth/userinfo", headers={"Authorization": f"Bearer {own}"})
    assert answer.status_code == 401


async def test_attack_39_public_clients_and_strangers_do_not_introspect(
    http: httpx.AsyncClient, browser: Application, web: Application, pupil: Somebody
) -> None:
    token = (await tokens(http, browser, pupil))["access_token"]
    refused(await browser.ask(http, "/oauth/introspect", token=token), "unauthorized_client")
    refused(await http.post("/oauth/introspect", data={"token": token}), "invalid_client", 401)
    wrong = (web.client_id, "wrong")
    refused(await http.post("/oauth/introspect", data={"token": token}, auth=wrong), "invalid_client", 401)
    refused(await web.ask(http, "/oauth/introspect"), "invalid_request")
    assert (await http.get("/oauth/introspect", params={"token": token})).status_code == 405
    in_query = await http.post("/oauth/introspect", params={"token": token}, **web.proof)
    refused(in_query, "invalid_request")


async def test_attack_40_another_clients_token_is_inactive_and_stays_alive(
    auth_app: FastAPI, http: httpx.AsyncClient, web: Application, pupil: Somebody
) -> None:
    other = await application(auth_app)
    issued = await tokens(http, web, pupil)
    for name in ("access_token", "refresh_token"):
        assert await other.introspect(http, issued[name]) == INACTIVE
        answer = await other.ask(http, "/oauth/revoke", token=issued[name])
        assert (answer.status_code, answer.content) == (200, b"")
        assert (await web.introspect(http, issued[name]))["active"] is True


async def test_attack_11_a_revoked_token_is_dead_in_every_spelling_at_once(
    http: httpx.AsyncClient, other_worker: httpx.AsyncClient, web: Application, pupil: Somebody
) -> None:
    issued = await tokens(http, web, pupil)
    token = issued["access_token"]
    assert await works(http, token)
    answer = await web.ask(http, "/oauth/revoke", token=token, token_type_hint="refresh_token")
    assert (answer.status_code, answer.content) == (200, b"")
    assert "content-type" not in answer.headers  # oidc-client-ts refuses text
    assert answer.headers["cache-control"] == "no-store"
    assert not await works(http, token)
    for spelling in (token, token + "=", token[:-1] + ("A" if token[-1] != "A" else "Q")):
        assert await web.introspect(other_worker, spelling) == INACTIVE
        header = {"Authorization": f"Bearer {spelling}"}
        assert (await other_worker.get("/oauth/userinfo", headers=header)).status_code == 401
    again = await web.refresh(http, issued["refresh_token"])  # the family lives on
    assert await works(http, again.json()["access_token"])
    assert (await web.ask(http, "/oauth/revoke", token=token)).status_code == 200
    assert (await actions_about(pupil))[:2] == ["tokens.revoked", "tokens.granted"]


@pytest.mark.parametrize("kind", ["web", "native", "browser"])
async def test_revoking_a_refresh_token_ends_its_family(
    auth_app: FastAPI, http: httpx.AsyncClient, pupil: Somebody, kind: str
) -> None:
    client = await application(auth_app, kind)
    first = await tokens(http, client, pupil)
    second = (await client.refresh(http, first["refresh_token"])).json()
    for _ in range(2):
        answer = await client.ask(http, "/oauth/revoke", token=second["refresh_token"])
        assert (answer.status_code, answer.content) == (200, b"")
    refused(await client.refresh(http, second["refresh_token"]), "invalid_grant")
    for issued in (first, second):
        assert not await works(http, issued["access_token"])


async def test_a_used_refresh_token_can_still_be_given_up(
    http: httpx.AsyncClient, browser: Application, pupil: Somebody
) -> None:
    first = await tokens(http, browser, pupil)
    second = (await browser.refresh(http, first["refresh_token"])).json()
    assert (await browser.ask(http, "/oauth/revoke", token=first["refresh_token"])).status_code == 200
    refused(await browser.refresh(http, second["refresh_token"]), "invalid_grant")


async def test_revocation_of_what_is_no_token_and_of_nothing(
    http: httpx.AsyncClient, web: Application, browser: Application
) -> None:
    for client in (web, browser):
        for odd in ("x", "a.b.c", "é", "A" * 43):
            answer = await client.ask(http, "/oauth/revoke", token=odd)
            assert (answer.status_code, answer.content) == (200, b""), answer.text
            if client.secret:
                assert await client.introspect(http, odd) == INACTIVE
        refused(await client.ask(http, "/oauth/revoke"), "invalid_request")
        refused(await client.ask(http, "/oauth/revoke", token="x" * 9000), "invalid_request")
    refused(await http.post("/oauth/revoke", data={"token": "x"}), "invalid_client", 401)
    named = {"token": "x", "client_id": web.client_id}
    refused(await http.post("/oauth/revoke", data=named), "invalid_client", 401)


async def test_attack_13_whatever_a_token_depends_on_ends_it_at_once(
    auth_app: FastAPI,
    http: httpx.AsyncClient,
    other_worker: httpx.AsyncClient,
    platform_service: Application,
    newcomer: Callable[[], Awaitable[Somebody]],
) -> None:
    pool = auth_app.state.database.pool
    somebody = await newcomer()
    for statement, of_client in (
        ("update client set status = 'suspended' where id = $1", True),
        ("update person set status = 'closed' where id = $1", False),
    ):
        client = await application(auth_app)
        token = (await tokens(http, client, somebody))["access_token"]
        assert (await platform_service.introspect(other_worker, token))["active"] is True
        await pool.execute(statement, client.id if of_client else somebody.id)
        assert await platform_service.introspect(other_worker, token) == INACTIVE
        header = {"Authorization": f"Bearer {token}"}
        assert (await other_worker.get("/oauth/userinfo", headers=header)).status_code == 401


async def test_ending_one_session_leaves_the_tokens_of_others(
    auth_app: FastAPI,
    http: httpx.AsyncClient,
    web: Application,
    newcomer: Callable[[], Awaitable[Somebody]],
) -> None:
    somebody = await newcomer()
    elsewhere = await sign_in(auth_app, somebody.username, somebody.password)
    here, there = await tokens(http, web, somebody), await tokens(http, web, elsewhere)
    assert (await elsewhere.http.delete(f"/v1/sessions/{somebody.session}")).status_code == 204
    assert await web.introspect(http, here["access_token"]) == INACTIVE
    assert (await web.introspect(http, there["access_token"]))["active"] is True
    assert (await web.refresh(http, there["refresh_token"])).status_code == 200
    assert claims_of(web, there["access_token"]).session == str(elsewhere.session)
