"""Clients that do not prove themselves: counted, told to wait, remembered; attacks 39, 70, 76 and 77."""

import asyncio
import base64
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI

from libs.common.redis_scripts import Scripts
from libs.common.redis_store import AWAY as REDIS_AWAY
from libs.common.redis_store import connect
from services.auth.clients import service as clients
from services.auth.clients.finding import ClientFinder
from services.auth.clients.refusals import Refusals
from services.auth.clients.rules import REFUSALS_OF_A_NETWORK, REFUSALS_OF_ONE_CLIENT
from tests.integration.auth.clients.conftest import Grounds
from tests.integration.auth.clients.proofs import GRANT, refused, token_by_secret
from tests.integration.auth.places import connection


async def entries_about(grounds: Grounds, client: dict[str, Any]) -> list[dict[str, Any]]:
    read = await grounds.root.get("/v1/audit", params={"organisation": str(grounds.school), "limit": 200})
    found = [one for one in read.json()["items"] if one["action"] == "client.refused"]
    return [one["data"] for one in reversed(found) if one["data"]["client"] == client["id"]]


async def test_refusals_are_throttled_and_remembered_but_the_right_secret_works(
    grounds: Grounds, http: httpx.AsyncClient, auth_app: FastAPI
) -> None:
    client = await grounds.client()
    for _ in range(REFUSALS_OF_ONE_CLIENT):
        assert await token_by_secret(http, client, "wrong") == 401
    answer = await http.post("/oauth/token", data=GRANT, auth=(client["client_id"], "wrong"))
    refused(answer, "invalid_client", 429)
    assert 0 < int(answer.headers["retry-after"]) <= 600
    assert await token_by_secret(http, client) == 200
    async with connection(auth_app) as elsewhere:
        assert await token_by_secret(elsewhere, client, "wrong") == 401
    assert await entries_about(grounds, client) == [
        {"client": client["id"], "why": "secret", "refusals": 1},
        {"client": client["id"], "why": "secret", "refusals": 10},
    ]


async def test_a_network_that_names_many_clients_has_to_wait(
    auth_app: FastAPI, http: httpx.AsyncClient
) -> None:
    pool = auth_app.state.database.pool
    counting = "select count(*) from audit where action = 'client.refused'"
    before = await pool.fetchval(counting)
    guesses = (token_by_secret(http, {"client_id": uuid4().hex}, "x") for _ in range(REFUSALS_OF_A_NETWORK))
    assert set(await asyncio.gather(*guesses)) == {401}
    assert await token_by_secret(http, {"client_id": uuid4().hex}, "x") == 429
    assert await pool.fetchval(counting) - before <= 3


@pytest.mark.parametrize("kind", ["native", "browser"])
async def test_attack_39_public_clients_get_nothing_for_themselves(
    grounds: Grounds, http: httpx.AsyncClient, kind: str
) -> None:
    client = await grounds.application(kind)
    form = GRANT | {"client_id": client["client_id"]}
    refused(await http.post("/oauth/token", data=form), "unauthorized_client")
    refused(await http.post("/oauth/token", data=form | {"client_secret": "x"}), "invalid_client", 401)
    asked = {"token": "x", "client_id": client["client_id"]}
    assert (await http.post("/oauth/introspect", data=asked)).status_code in (400, 401)


async def test_attack_38_an_application_is_no_machine(grounds: Grounds, http: httpx.AsyncClient) -> None:
    client = await grounds.application()
    proof = (client["client_id"], client["client_secret"])
    refused(await http.post("/oauth/token", data=GRANT, auth=proof), "unauthorized_client")
    machine = await grounds.client()
    proof = (machine["client_id"], machine["client_secret"])
    for scope in ("openid", "profile", "account", "spaces.read", "offline_access"):
        answer = await http.post("/oauth/token", data=GRANT | {"scope": scope}, auth=proof)
        refused(answer, "invalid_scope")
        assert "id_token" not in answer.text


async def test_attack_39_a_confidential_client_only_names_itself(
    grounds: Grounds, http: httpx.AsyncClient
) -> None:
    for client in (await grounds.client(), await grounds.application()):
        form = {"grant_type": "authorization_code", "code": "x", "client_id": client["client_id"]}
        refused(await http.post("/oauth/token", data=form), "invalid_client", 401)
        assert (await entries_about(grounds, client))[0]["why"] == "credentials missing"


async def test_attack_70_and_76_names_are_hashed_in_keys_and_secrets_nowhere(
    auth_app: FastAPI, grounds: Grounds, http: httpx.AsyncClient
) -> None:
    marks = ["mark:one", "mark*two", "mark{three}", "mark four", "标记"]
    for mark in marks:
        await token_by_secret(http, {"client_id": mark}, f"secret-{mark}")
    for bad in ("%00", "a%0d%0ab", "a%00b", "%ED%A0%80"):
        answer = await http.post("/oauth/token", data=GRANT, headers={"Authorization": basic(f"{bad}:x")})
        refused(answer, "invalid_client", 401)
    client = await grounds.client()
    await token_by_secret(http, client, "secret-guessed")
    store = connect(auth_app.state.settings.redis)
    try:
        prefix = auth_app.state.settings.redis_prefix
        keys = [key.decode() async for key in store.scan_iter(f"{prefix}refusals:*")]
    finally:
        await store.aclose()
    assert keys
    assert all(key.removeprefix(prefix).replace(":", "").isalnum() for key in keys)
    rows = await auth_app.state.database.pool.fetch(
        "select data::text from audit where action = 'client.refused'"
    )
    assert not [row for row in rows if "secret-" in row[0] or "mark" in row[0]]


async def test_attack_77_without_redis_nobody_is_let_in_by_mistake_and_the_right_secret_works(
    auth_app: FastAPI, grounds: Grounds
) -> None:
    client = await grounds.client()
    pool, nowhere = auth_app.state.database.pool, connect("unix:///nowhere/redis.sock")
    finder = ClientFinder(pool, Refusals(Scripts(nowhere), pool, prefix="x:"))

    async def authenticate(secret: str) -> clients.Client:
        form = {"client_id": client["client_id"], "client_secret": secret}
        return await clients.authenticate(finder, pool, None, form, audiences=(), now=datetime.now(UTC))

    try:
        with pytest.raises(REDIS_AWAY):  # a 503 of the endpoint, as the tests of faults show
            await authenticate("wrong")
        assert (await authenticate(client["client_secret"])).client_id == client["client_id"]
    finally:
        await finder.stop()
        await nowhere.aclose()


def basic(text: str) -> str:
    return "Basic " + base64.b64encode(text.encode()).decode()
