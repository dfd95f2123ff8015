"""Every answer's form: problem documents in two languages, request ids, limits, health."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI

from libs.common.settings import ServiceSettings
from tests.integration.common.floor_app import AUDIENCE
from tests.issuer import Issuer, bearer

WRITER = "notes.write"


async def test_a_request_is_one_transaction_with_its_event(
    client: httpx.AsyncClient, app: FastAPI, issuer: Issuer
) -> None:
    token = issuer.person(uuid4(), AUDIENCE, WRITER)
    said = f"你好 {uuid4()}"
    answer = await client.post("/notes", json={"text": said}, headers=bearer(token))
    assert (answer.status_code, answer.json()) == (201, {"value": said})
    rows = await app.state.database.pool.fetch("select type, data from outbox where subject = $1", said)
    assert [(row["type"], json.loads(row["data"])) for row in rows] == [
        ("floor.note.written.v1", {"text": said})
    ]


async def test_a_failing_transaction_leaves_neither_row_nor_event(
    client: httpx.AsyncClient, app: FastAPI, issuer: Issuer
) -> None:
    headers = bearer(issuer.person(uuid4(), AUDIENCE, WRITER))
    once = f"once {uuid4()}"
    await client.post("/notes", json={"text": once}, headers=headers)
    twice = await client.post("/notes", json={"text": once}, headers=headers)
    assert twice.status_code == 500  # the floor maps no constraint; a service does
    assert await app.state.database.pool.fetchval("select count(*) from outbox where subject = $1", once) == 1


@pytest.mark.parametrize(
    ("language", "title"),
    [
        ("en", "Sign in first"),
        ("zh-CN,zh;q=0.9", "请先登录"),
        ("zh-Hant", "请先登录"),
        ("fr", "Sign in first"),
    ],
)
async def test_problems_speak_the_callers_language(
    client: httpx.AsyncClient, language: str, title: str
) -> None:
    answer = await client.get("/me", headers={"Accept-Language": language})
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.json()["title"] == title
    assert answer.json()["type"] == "http://floor.example/problems/unauthorized"
    assert answer.json()["request_id"] == answer.headers["x-request-id"]


async def test_a_problem_types_address_answers_with_its_meaning(client: httpx.AsyncClient) -> None:
    answer = await client.get("/problems/insufficient-scope")
    assert answer.status_code == 200
    assert "scope" in answer.json()["meaning"]
    assert (await client.get("/problems/no-such-type")).status_code == 404


async def test_an_unexpected_error_tells_nothing_but_its_request_id(client: httpx.AsyncClient) -> None:
    answer = await client.get("/broken")
    assert answer.status_code == 500
    assert answer.json()["type"].endswith("/problems/internal-error")
    assert "secret" not in answer.text


@pytest.mark.parametrize(
    ("body", "status", "slug"),
    [
        (b"{", 400, "malformed-request"),
        (b"\xff\xfe", 400, "malformed-request"),
        (b"[]", 422, "invalid-request"),
        (b'{"text": 1}', 422, "invalid-request"),
        (b'{"text": ""}', 422, "invalid-request"),
        (b'{"text": "a\\u0000b"}', 422, "invalid-request"),
        (b'{"text": "\\ud800"}', 422, "invalid-request"),
        (b'{"text": "' + b"x" * 201 + b'"}', 422, "invalid-request"),
        (b'{"text": "' + b"x" * 2_000_000 + b'"}', 413, "payload-too-large"),
        (b"[" * 100_000, 400, "malformed-request"),
    ],
)
async def test_bad_bodies_are_refused_in_the_one_form(
    client: httpx.AsyncClient, issuer: Issuer, body: bytes, status: int, slug: str
) -> None:
    headers = bearer(issuer.person(uuid4(), AUDIENCE, WRITER)) | {"Content-Type": "application/json"}
    answer = await client.post("/notes", content=body, headers=headers)
    assert answer.status_code == status
    assert answer.json()["type"].endswith(slug)
    assert "xxx" not in answer.text


async def test_a_body_without_a_length_is_bounded_too(client: httpx.AsyncClient, issuer: Issuer) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b" " * 100_000

    headers = bearer(issuer.person(uuid4(), AUDIENCE, WRITER)) | {"Content-Type": "application/json"}
    answer = await client.post("/notes", content=endless(), headers=headers)
    assert answer.status_code == 413
    assert answer.json()["limit"] == 1_048_576


async def test_text_postgresql_cannot_store_is_the_callers_fault(client: httpx.AsyncClient) -> None:
    assert (await client.get("/notes", params={"like": "a\0b"})).status_code == 400


async def test_wrong_addresses_and_methods_are_problems(client: httpx.AsyncClient) -> None:
    missing = await client.get("/nothing-here")
    assert (missing.status_code, missing.headers["content-type"]) == (404, "application/problem+json")
    method = await client.delete("/notes")
    assert method.status_code == 405
    assert "GET" in method.headers["allow"] or "POST" in method.headers["allow"]


async def test_scope_audience_and_issuer_are_demanded(client: httpx.AsyncClient, issuer: Issuer) -> None:
    person = uuid4()

    async def status(token: str) -> int:
        return (await client.post("/notes", json={"text": uuid4().hex}, headers=bearer(token))).status_code

    assert await status(issuer.person(person, AUDIENCE, WRITER)) == 201
    assert await status(issuer.person(person, AUDIENCE, "notes.read")) == 403
    assert await status(issuer.person(person, "urn:test:other", WRITER)) == 401
    assert await status(Issuer().person(person, AUDIENCE, WRITER)) == 401
    assert await status(issuer.sign(sub="not-a-uuid", aud=[AUDIENCE], scope=WRITER)) == 401


async def test_a_caller_over_the_limit_is_told_when_to_come_back(
    settings: ServiceSettings, client: httpx.AsyncClient, app: FastAPI, issuer: Issuer
) -> None:
    app.state.identity._limit._per_minute = 3
    headers = bearer(issuer.person(uuid4(), AUDIENCE, WRITER))
    statuses = [(await client.get("/me", headers=headers)).status_code for _ in range(4)]
    if statuses[3] == 200:  # the minute turned in between
        statuses = [(await client.get("/me", headers=headers)).status_code for _ in range(4)]
    assert statuses == [200, 200, 200, 429]
    answer = await client.get("/me", headers=headers)
    assert 1 <= int(answer.headers["retry-after"]) <= 60
    other = bearer(issuer.person(uuid4(), AUDIENCE, WRITER))
    assert (await client.get("/me", headers=other)).status_code == 200


async def test_readiness_names_its_parts(client: httpx.AsyncClient, app: FastAPI) -> None:
    answer = await client.get("/health/ready")
    assert answer.status_code == 200
    assert answer.json()["parts"] == {"database": True, "redis": True, "keys": True, "revocations": True}
    await app.state.database.pool.close()
    answer = await client.get("/health/ready")
    assert (answer.status_code, answer.json()["parts"]["database"]) == (503, False)
    assert (await client.get("/health/live")).status_code == 200


async def test_a_store_that_is_away_is_a_503_with_retry_after(
    client: httpx.AsyncClient, app: FastAPI
) -> None:
    await app.state.database.pool.close()
    answer = await client.get("/notes")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")


async def test_connections_the_server_ended_cost_no_request(
    client: httpx.AsyncClient, app: FastAPI, issuer: Issuer
) -> None:
    headers = bearer(issuer.person(uuid4(), AUDIENCE, WRITER))
    mark = uuid4().hex
    assert (await client.post("/notes", json={"text": f"{mark} before"}, headers=headers)).status_code == 201
    other = await app.state.database.connect()
    await other.execute(
        "select pg_terminate_backend(pid) from pg_stat_activity"
        " where datname = current_database() and pid <> pg_backend_pid()"
    )
    await other.close()
    await asyncio.sleep(0.1)
    assert (await client.post("/notes", json={"text": f"{mark} after"}, headers=headers)).status_code == 201
    assert (await client.get("/notes", params={"like": mark})).json() == {"value": "2"}


async def test_the_documentation_page_needs_nobody_elses_server(client: httpx.AsyncClient) -> None:
    page = await client.get("/docs")
    assert page.status_code == 200
    addresses = re.findall(r"(?:src|href)=\"([^\"]+)\"", page.text)
    assert addresses
    for address in addresses:
        assert address.startswith("/docs/assets/")
        assert (await client.get(address)).status_code == 200
