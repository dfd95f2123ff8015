"""Revoked tokens: dead at once where they were revoked, everywhere within the stated time; attacks 11, 13."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI

from libs.common import revocations as following
from libs.common.paging import encode_cursor
from libs.common.service_client import CallRefused
from libs.common.tokens import Claims, KeyTable, verify
from services.auth.revocations import repository, service
from tests.integration.auth.neighbour import AUDIENCE, Neighbour, beside, on_a_socket, until
from tests.integration.auth.places import ADDRESS, Place, Somebody, connection

POLL_S = 0.05


@pytest.fixture(scope="module")
async def address(auth_app: FastAPI) -> AsyncIterator[str]:
    async with on_a_socket(auth_app) as where:
        yield where


@pytest.fixture
async def neighbour(
    auth_app: FastAPI, address: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Neighbour]:
    monkeypatch.setattr(following, "POLL_S", POLL_S)
    async with beside(auth_app, address) as it:
        await until(lambda: it.app.state.identity.has_keys and it.app.state.identity.revocations.is_known)
        yield it


def bearer_of(somebody: Somebody) -> str:
    return str(somebody.http.headers["Authorization"]).removeprefix("Bearer ")


async def machine_token(app: FastAPI, client: dict[str, Any]) -> str:
    form = {
        "grant_type": "client_credentials",
        "client_id": client["client_id"],
        "client_secret": client["client_secret"],
    }
    async with connection(app) as http:
        answer = await http.post("/oauth/token", data=form)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["access_token"])


async def claims_of(app: FastAPI, token: str) -> Claims:
    table: KeyTable = app.state.keys.table
    audience = frozenset({AUDIENCE, "urn:xuebu:auth", "urn:xuebu:creditbank"})
    return verify(token, table, issuer=ADDRESS, audience=audience, now=await now(app))


async def now(app: FastAPI) -> float:
    return float(await app.state.database.pool.fetchval("select extract(epoch from now())"))


async def test_the_stated_time_is_two_seconds() -> None:
    assert following.POLL_S == 2.0
    assert "within 2 seconds" in (following.__doc__ or "")


async def test_attack_13_an_ended_session_ends_its_tokens_everywhere(
    auth_app: FastAPI, here: Place, neighbour: Neighbour
) -> None:
    pupil = await here.somebody(here.root)
    token = bearer_of(pupil)
    assert await neighbour.status(token) == 200
    assert (await pupil.http.delete("/v1/sessions/current")).status_code == 204
    assert (await pupil.http.get("/v1/me")).status_code == 401, "at once in the process that revoked"
    await neighbour.becomes(token, 401)
    assert await service.is_revoked(auth_app.state.database.pool, await claims_of(auth_app, token))


async def test_attack_13_a_suspended_person_is_refused_everywhere(here: Place, neighbour: Neighbour) -> None:
    pupil = await here.somebody(here.root)
    other = bearer_of(await here.somebody(here.root))
    token = bearer_of(pupil)
    assert await neighbour.status(token) == 200
    assert (await here.admin.http.post(f"/v1/people/{pupil.id}/account/suspension")).status_code == 204
    assert (await pupil.http.get("/v1/me")).status_code == 401
    await neighbour.becomes(token, 401)
    assert await neighbour.status(other) == 200


@pytest.mark.parametrize("what", ["suspension", "closure"])
async def test_attack_13_a_suspended_client_and_a_deleted_tenant_are_refused_everywhere(
    auth_app: FastAPI, here: Place, neighbour: Neighbour, what: str
) -> None:
    school = await here.organisation()
    client = await here.client(school, "people.read")
    token = await machine_token(auth_app, client)
    neighbour.app.state.identity._verifier._audience = "urn:xuebu:auth"  # where that scope means something
    assert await neighbour.status(token) == 200
    path = f"/v1/clients/{client['id']}/suspension" if what == "suspension" else None
    answer = await here.admin.http.post(path or f"/v1/organisations/{school}/closure")
    assert answer.status_code in (200, 204), answer.text
    async with connection(auth_app, token=token) as http:
        assert (await http.get(f"/v1/organisations/{here.root}/people")).status_code == 401
    await neighbour.becomes(token, 401)


async def test_attack_11_a_revoked_token_stays_dead_in_every_spelling(
    auth_app: FastAPI, here: Place, neighbour: Neighbour
) -> None:
    pupil = await here.somebody(here.root)
    token = bearer_of(pupil)
    assert await neighbour.status(token) == 200
    claims = await claims_of(auth_app, token)
    async with auth_app.state.database.transaction() as session:
        await service.revoke(session, "token", claims.token_id)
    await neighbour.becomes(token, 401)
    head, body, signature = token.split(".")
    last = "AEIMQUYcgkosw048"
    for spelling in (
        token,
        f"{token}==",
        f"{head}.{body}.{signature[:-1]}{last[(last.index(signature[-1]) + 1) % 16]}",
        f"{head}.{body}=.{signature}",
    ):
        assert await neighbour.status(spelling) == 401
    assert (await pupil.http.get("/v1/me")).status_code == 401


async def test_tokens_issued_after_the_revocation_are_good(auth_app: FastAPI) -> None:
    pool, name = auth_app.state.database.pool, uuid4().hex
    await service.revoke(pool, "client", name)
    revoked = await pool.fetchval(
        "select floor(extract(epoch from revoked_at))::bigint from revocation where value = $1", name
    )

    async def dead(kind_of: str, issued_at: int) -> bool:
        names = {"token": "t", "family": None, "session": None, "client": None, "person": "p"} | {
            kind_of: name
        }
        return await repository.is_revoked(pool, **names, issued_at=issued_at)  # type: ignore[arg-type]

    assert [await dead("client", revoked + late) for late in (-9, 0, 1, 2)] == [True, True, True, False]
    await service.revoke(pool, "family", name)
    assert await dead("family", revoked + 3600), "a family gives no token again"
    assert not await dead("session", revoked)
    await pool.execute("update revocation set until = now() where value = $1", name)
    assert not await dead("client", revoked)
    await repository.prune(pool, 1000)
    assert not await pool.fetchval("select count(*) from revocation where value = $1", name)


async def test_a_revocation_that_commits_late_is_not_missed(auth_app: FastAPI) -> None:
    database, name = auth_app.state.database, uuid4().hex
    ours = await database.connect()
    try:
        late = ours.transaction()
        await late.start()
        await service.revoke(ours, "person", name)
        await service.revoke(database.pool, "person", f"other {name}")
        page = await service.changes(database.pool, None)
        first = {item["value"] for item in page.items}
        assert f"other {name}" in first
        assert name not in first
        await late.commit()
        page = await service.changes(database.pool, page.next)
        assert name in {item["value"] for item in page.items}
        page = await service.changes(database.pool, page.next)
        assert name not in {item["value"] for item in page.items}, "and not told for ever"
    finally:
        await ours.close()


async def test_the_list_comes_in_parts_and_from_the_start_after_a_restored_backup(auth_app: FastAPI) -> None:
    pool, names = auth_app.state.database.pool, {uuid4().hex for _ in range(5)}
    before = await service.changes(pool, None)
    await service.revoke_all(pool, "token", names)
    told: list[str] = []
    cursor, more = before.next, True
    while more:
        page = await service.changes(pool, cursor, 2)
        told += [item["value"] for item in page.items]
        cursor, more = page.next, page.more
    assert names <= set(told)
    assert len(told) == len(set(told))
    restored = encode_cursor(2**60, "", "", 0)
    assert names <= {item["value"] for item in (await service.changes(pool, restored)).items}


async def test_only_services_of_the_platform_read_the_list(
    http: httpx.AsyncClient, here: Place, auth_app: FastAPI
) -> None:
    assert (await http.get("/v1/revocations")).status_code == 401
    assert (await here.admin.http.get("/v1/revocations")).status_code == 403
    client = await here.client(await here.organisation(), "people.read")
    async with connection(auth_app, token=await machine_token(auth_app, client)) as machine:
        assert (await machine.get("/v1/revocations")).status_code == 403


async def test_the_list_over_http(auth_app: FastAPI, address: str) -> None:
    name = uuid4().hex
    async with beside(auth_app, address) as it:
        await service.revoke(auth_app.state.database.pool, "session", name)
        read = it.app.state.service_client.get
        where = f"{address}/v1/revocations"
        body = await read(where, audience="urn:xuebu:auth", scope="events.read")
        assert name.encode() in body
        for wrong in ("cursor=x", "cursor=bm8", "limit=0", "limit=100000", f"cursor={'a' * 2000}"):
            with pytest.raises(CallRefused, match="422"):
                await read(f"{where}?{wrong}", audience="urn:xuebu:auth", scope="events.read")


async def test_nobody_is_let_in_before_the_list_is_known(
    auth_app: FastAPI, here: Place, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "_REFUSED_PAUSE_S", 0.02)
    token = bearer_of(here.admin)
    async with beside(auth_app, address, scopes=("people.read",)) as it:  # may not read the list
        await until(lambda: it.app.state.identity.has_keys)
        assert await it.status(token) == 503
        ready = await it.http.get("/health/ready")
        assert (ready.status_code, ready.json()["parts"]["revocations"]) == (503, False)
        name = it.app.state.settings.client_id
        right = "update client set scopes = array['events.read'] where client_id = $1"
        await auth_app.state.database.pool.execute(right, name)
        await it.becomes(token, 200)


async def test_what_is_known_holds_while_the_issuer_is_away(
    auth_app: FastAPI, here: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "POLL_S", POLL_S)
    pupil, other = await here.somebody(here.root), await here.somebody(here.root)
    async with on_a_socket(auth_app) as where, beside(auth_app, where) as it:
        await it.becomes(bearer_of(pupil), 200)
        await pupil.http.delete("/v1/sessions/current")
        await it.becomes(bearer_of(pupil), 401)
        stopped = asyncio.Event()

        async def away(_cursor: str | None) -> following.RevocationPage:
            stopped.set()
            raise OSError("away")

        monkeypatch.setattr(it.app.state.identity.revocations, "_source", away)
        await asyncio.wait_for(stopped.wait(), 5)
        assert await it.status(bearer_of(pupil)) == 401
        assert await it.status(bearer_of(other)) == 200


async def test_a_revoked_key_is_refused_within_the_stated_time(
    auth_app: FastAPI, here: Place, neighbour: Neighbour, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not by its tokens' ids: by the key set, whose change the list tells."""
    token = bearer_of(here.admin)
    assert await neighbour.status(token) == 200
    ring = auth_app.state.keys
    fewer = type(ring.published)(b'{"keys":[]}', '"none"')
    with monkeypatch.context() as patched:  # of the class: the ring reads its keys anew now and then
        patched.setattr(type(ring), "published", fewer)
        assert await neighbour.becomes(token, 503) < 5  # no key is left: it is not ready, and lets nobody in
    await neighbour.becomes(token, 200)
