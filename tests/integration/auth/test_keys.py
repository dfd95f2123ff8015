"""Signing keys: sealed, published before they sign, kept while tokens live; attacks 12 and 79."""

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo

import httpx
import pytest
from fastapi import FastAPI

from infra.dev.stores import ServiceStore
from libs.common.database import Database
from libs.common.tokens import InvalidToken, KeyTable, verify
from services.auth.keys import rules
from services.auth.keys.sealing import Seal, SealBroken
from services.auth.keys.service import KeyRing, rotate

SEAL = Seal("a key encryption key for tests")


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
async def database(fresh_database: Callable[[str], ServiceStore]) -> Database:
    return await Database(fresh_database("auth").database).start()


async def turn(database: Database, now: datetime, *, at_once: bool = False) -> str:
    async with database.transaction() as session:
        kid, _ = await rotate(session, SEAL, now, at_once=at_once)
    return kid


def published(ring: KeyRing) -> set[str]:
    return {key["kid"] for key in json.loads(ring.published.body)["keys"]}


async def test_a_key_set_may_be_kept(http: httpx.AsyncClient) -> None:
    answer = await http.get("/.well-known/jwks.json")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "public, max-age=300"
    assert answer.headers["content-type"] == "application/jwk-set+json"
    assert all("d" not in key for key in answer.json()["keys"])
    again = await http.get("/.well-known/jwks.json", headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    other = await http.get("/.well-known/jwks.json", headers={"If-None-Match": '"other"'})
    assert other.status_code == 200


async def test_attack_79_a_rotation_fails_no_verification(database: Database) -> None:
    ring = KeyRing(database, SEAL)
    old = await turn(database, now() - timedelta(hours=2))
    await ring.refresh()
    before = ring.sign(_claims(), "at+jwt")
    new = await turn(database, now() - rules.LEAD + timedelta(minutes=1))
    assert await turn(database, now()) == new  # a key that waits is not doubled
    await ring.refresh()
    assert published(ring) == {old, new}
    assert _kid(ring.sign(_claims(), "at+jwt")) == old
    await database.pool.execute("update signing_key set signs_at = now() where kid = $1", new)
    await ring.refresh()
    after = ring.sign(_claims(), "at+jwt")
    assert _kid(after) == new
    table = await ring.verification_keys()
    for token in (before, after):
        assert _verified(token, table)
    await database.pool.execute("update signing_key set retires_at = now() where kid = $1", old)
    table = await ring.verification_keys()  # attack 12: its overlap is over
    assert not _verified(before, table)
    assert _verified(after, table)
    await database.stop()


async def test_a_process_follows_the_clock_without_reading_again(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    ring = KeyRing(database, SEAL)
    old = await turn(database, datetime.now(UTC))
    new = await turn(database, datetime.now(UTC))
    await ring.refresh()
    assert _kid(ring.sign(_claims(), "at+jwt")) == old

    class Later(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return datetime.now(tz) + rules.LEAD

    monkeypatch.setattr("services.auth.keys.service.datetime", Later)
    assert _kid(ring.sign(_claims(), "at+jwt")) == new
    await database.stop()


async def test_at_once_takes_the_waiting_key(database: Database) -> None:
    ring = KeyRing(database, SEAL)
    old = await turn(database, now() - timedelta(hours=1))
    waiting = await turn(database, now() - timedelta(minutes=1))
    assert await turn(database, now(), at_once=True) == waiting
    await ring.refresh()
    assert _kid(ring.sign(_claims(), "at+jwt")) == waiting != old
    await database.stop()


async def test_private_keys_are_sealed_and_erased_at_the_end(database: Database) -> None:
    kid = await turn(database, now() - timedelta(days=2))
    stored = await database.pool.fetchval("select private_key from signing_key where kid = $1", kid)
    assert SEAL.open(kid, stored).startswith(b"0")
    assert SEAL.open(kid, stored) not in stored
    for seal, name in [(Seal("another"), kid), (SEAL, "another kid")]:
        with pytest.raises(SealBroken):
            seal.open(name, stored)
    with pytest.raises(SealBroken):
        await KeyRing(database, Seal("another")).refresh()
    await turn(database, now() - timedelta(days=1))
    await turn(database, now())
    assert await database.pool.fetchval("select private_key from signing_key where kid = $1", kid) is None
    await database.stop()


async def test_a_ring_makes_the_first_key_once(database: Database) -> None:
    rings = [KeyRing(database, SEAL), KeyRing(database, SEAL)]
    for ring in rings:
        await ring.start()
        await ring.stop()
    assert published(rings[0]) == published(rings[1])
    assert len(published(rings[0])) == len(rules.ALGORITHMS)
    await database.stop()


async def test_the_service_verifies_with_its_own_ring(auth_app: FastAPI) -> None:
    assert len(await auth_app.state.keys.verification_keys()) >= 1


def _claims() -> bytes:
    now = int(datetime.now(UTC).timestamp())
    claims = {"iss": "i", "sub": "s", "aud": "a", "iat": now, "exp": now + 60, "jti": "j"}
    return json.dumps(claims).encode()


def _kid(token: str) -> str:
    head = token.split(".")[0]
    return str(json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))["kid"])


def _verified(token: str, table: KeyTable) -> bool:
    try:
        verify(token, table, issuer="i", audience="a", now=datetime.now(UTC).timestamp())
    except InvalidToken:
        return False
    return True
