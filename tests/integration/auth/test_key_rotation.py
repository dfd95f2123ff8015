"""Keys turning while tokens are signed and verified (attack 79), and keys that leaked."""

import asyncio
import base64
import itertools
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import orjson
import pytest
from fastapi import FastAPI

from infra.dev.stores import ServiceStore
from libs.common import identity
from libs.common.database import Database
from libs.common.ids import new_id
from libs.common.limits import RequestLimit
from libs.common.problems import Unauthorized
from libs.common.tokens import Claims, InvalidToken, KeyTable, TokenVerifier, UnknownKey, verify
from services.auth.app import build, seal_of
from services.auth.keys import commands, rules, service, signing
from services.auth.keys.rules import ALGORITHMS, Algorithm
from services.auth.keys.service import KeyRing, NoSuchKey
from tests.integration.auth.conftest import settings_of
from tests.integration.auth.neighbour import until
from tests.integration.auth.places import ADDRESS, connection

AUDIENCE = "urn:xuebu:spaces"
WEB_CLIENT = "a web client"


def now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Verifiers:
    """A service of ours, and a client that knows keys only from the set it keeps; both ask any worker."""

    workers: list[httpx.AsyncClient]
    clients_keys: TokenVerifier = field(init=False)
    ours: identity.Identity = field(init=False)
    _turn: "itertools.cycle[httpx.AsyncClient]" = field(init=False)

    def __post_init__(self) -> None:
        self._turn = itertools.cycle(self.workers)
        limit = RequestLimit(None, prefix="", per_minute=0)
        self.ours = identity.Identity(issuer=ADDRESS, audience=AUDIENCE, keys=self.fetch, limit=limit)
        self.clients_keys = TokenVerifier(issuer=ADDRESS, audience=WEB_CLIENT, use="id")

    async def fetch(self) -> KeyTable:
        answer = await next(self._turn).get("/.well-known/jwks.json")
        return KeyTable.from_jwks(answer.json())

    async def keep_for(self, seconds: float) -> None:
        """What a client does that believes `Cache-Control` and never asks for an unknown key."""
        while True:
            self.clients_keys.replace_keys(await self.fetch())
            await asyncio.sleep(seconds)


class Load:
    """Access and ID tokens by both workers, verified at once and again when they are older."""

    def __init__(self, apps: list[FastAPI], verifiers: Verifiers) -> None:
        self.kids: dict[str, Counter[str]] = {algorithm: Counter() for algorithm in ALGORITHMS}
        self.failures: list[str] = []
        self.verified = 0
        self._apps, self._verifiers = apps, verifiers

    async def run(self) -> None:
        for number in itertools.count():
            ring: KeyRing = self._apps[number % len(self._apps)].state.keys
            access = ring.sign(claims(AUDIENCE), "at+jwt")
            by: Algorithm = "ES256" if number % 4 == 3 else "RS256"
            about = ring.sign(claims(WEB_CLIENT), "JWT", by)
            self.kids["ES256"][kid_of(access)] += 1
            self.kids[by][kid_of(about)] += 1
            for wait in (0.0, 0.15):
                await asyncio.sleep(wait)
                await self._verify(access, about)

    async def _verify(self, access: str, about: str) -> None:
        try:
            await self._verifiers.ours.caller(f"Bearer {access}")
            self._verifiers.clients_keys.forget()
            self._verifiers.clients_keys.verify(about, datetime.now(UTC).timestamp())
        except (Unauthorized, InvalidToken) as refusal:
            self.failures.append(f"{type(refusal).__name__} {refusal} {kid_of(access)} {kid_of(about)}")
        self.verified += 2


@pytest.fixture
async def workers(
    fresh_database: Callable[[str], ServiceStore], monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[list[FastAPI]]:
    """Two workers of one auth, every time shortened, in the same proportions or tighter."""
    monkeypatch.setattr(rules, "LEAD", timedelta(seconds=1.2))
    monkeypatch.setattr(rules, "LEAD_AT_ONCE", timedelta(seconds=0.8))
    monkeypatch.setattr(rules, "OVERLAP", timedelta(seconds=1.8))
    monkeypatch.setattr(rules, "LOOK_SECONDS", 0.08)
    monkeypatch.setattr(identity, "REFRESH_S", 0.1)
    store = fresh_database("auth")
    async with AsyncExitStack() as stack:
        apps = [build(settings_of(store), background=False) for _ in range(2)]
        for app in apps:
            await stack.enter_async_context(app.router.lifespan_context(app))
        yield apps


@pytest.fixture
def patient(workers: list[FastAPI], monkeypatch: pytest.MonkeyPatch) -> None:
    """A published key waits longer than the slowest machine needs for a test."""
    monkeypatch.setattr(rules, "LEAD", timedelta(hours=1))


async def test_attack_79_rotations_under_load_fail_no_verification(workers: list[FastAPI]) -> None:
    async with connection(workers[0]) as one, connection(workers[1]) as other:
        verifiers = Verifiers([one, other])
        verifiers.clients_keys.replace_keys(await verifiers.fetch())
        await verifiers.ours.start()
        load = Load(workers, verifiers)
        running = [asyncio.create_task(verifiers.keep_for(0.15))]
        running += [asyncio.create_task(load.run()) for _ in range(4)]
        try:
            await asyncio.sleep(0.2)
            first = workers[0].state.keys.sign(claims(AUDIENCE), "at+jwt")
            for at_once in (False, True, False):
                for algorithm in ALGORITHMS:
                    await turned(workers, algorithm, at_once=at_once)
            await until(lambda: all(len(kids) == 4 for kids in load.kids.values()))
        finally:
            for task in running:
                task.cancel()
            await verifiers.ours.stop()
        done = await asyncio.gather(*running, return_exceptions=True)
        assert [type(one) for one in done] == [asyncio.CancelledError] * 5, done
        assert load.failures == []
        assert load.verified > 100
        with pytest.raises(UnknownKey):  # attack 12: its overlap is over
            check(first, await verifiers.fetch())


async def turned(workers: list[FastAPI], algorithm: Algorithm, *, at_once: bool) -> None:
    """Rotates as the operator does, and waits until both workers sign with the new key."""
    database: Database = workers[0].state.database
    async with database.transaction() as session:
        kid, _ = await service.rotate_and_remember(
            session, seal_of(workers[0].state.settings), now(), algorithm=algorithm, at_once=at_once
        )
    for app in workers:
        while kid_of(app.state.keys.sign(claims("x"), "JWT", algorithm)) != kid:
            await asyncio.sleep(0.01)


async def test_a_key_that_took_long_to_find_still_has_its_whole_lead(
    workers: list[FastAPI], monkeypatch: pytest.MonkeyPatch
) -> None:
    generate = signing.generate

    def slowly(algorithm: Algorithm) -> tuple[str, dict[str, str], bytes]:
        time.sleep(0.5)
        return generate(algorithm)

    monkeypatch.setattr(signing, "generate", slowly)
    database, began = workers[0].state.database, now()
    async with database.transaction() as session:
        _, signs_at = await service.rotate(session, seal_of(workers[0].state.settings), began)
    assert signs_at >= began + timedelta(seconds=0.5) + rules.LEAD


@pytest.mark.parametrize("algorithm", ALGORITHMS)
async def test_a_revoked_key_signs_and_verifies_nothing_more(
    workers: list[FastAPI], algorithm: Algorithm
) -> None:
    ring: KeyRing = workers[0].state.keys
    token = ring.sign(claims(AUDIENCE), "at+jwt", algorithm)
    leaked = kid_of(token)
    successor = await revoke(workers[0], leaked)
    await ring.refresh()
    after = ring.sign(claims(AUDIENCE), "at+jwt", algorithm)
    assert kid_of(after) == successor != leaked
    with pytest.raises(UnknownKey):
        check(token, ring.table)
    check(after, ring.table)
    assert leaked not in json.dumps([json.loads(ring.published.body)])
    pool = workers[0].state.database.pool
    assert await pool.fetchval("select private_key from signing_key where kid = $1", leaked) is None
    for unknown in (leaked, "no such key"):
        with pytest.raises(NoSuchKey):
            await revoke(workers[0], unknown)


async def test_a_revoked_key_that_waits_or_retires_leaves_the_signing_one(
    workers: list[FastAPI], patient: None
) -> None:
    ring: KeyRing = workers[0].state.keys
    first = kid_of(ring.sign(claims(AUDIENCE), "at+jwt"))
    database: Database = workers[0].state.database
    seal = seal_of(workers[0].state.settings)
    async with database.transaction() as session:
        waiting, _ = await service.rotate(session, seal, now())
    follower = await revoke(workers[0], waiting)
    assert follower not in (first, waiting), "the signing key still gets a successor"
    await ring.refresh()
    assert kid_of(ring.sign(claims(AUDIENCE), "at+jwt")) == first
    keys = {key["kid"]: key for key in await service.states(database.pool, now())}
    assert keys[first]["retires_at"] > keys[follower]["signs_at"], "it outlives its last token"
    assert keys[waiting]["state"] == "retired"
    await database.pool.execute("update signing_key set signs_at = now() where kid = $1", follower)
    await ring.refresh()
    assert kid_of(ring.sign(claims(AUDIENCE), "at+jwt")) == follower
    assert await revoke(workers[0], first) == follower
    await ring.refresh()
    assert kid_of(ring.sign(claims(AUDIENCE), "at+jwt")) == follower


async def test_the_operators_commands(workers: list[FastAPI], patient: None) -> None:
    database, settings = workers[0].state.database, workers[0].state.settings

    async def run(what: str, **options: Any) -> Any:
        return await commands.run(database, settings, what, options, now())

    before = (await run("list"))["keys"]
    assert {(key["algorithm"], key["state"]) for key in before} == {(one, "signing") for one in ALGORITHMS}
    rotated = (await run("rotate", algorithm=None, at_once=False))["keys"]
    assert [key["algorithm"] for key in rotated] == list(ALGORITHMS)
    (again,) = (await run("rotate", algorithm="RS256", at_once=True))["keys"]
    assert again["kid"] == rotated[1]["kid"], "a key that waits is taken"
    assert again["signs_at"] <= rotated[1]["signs_at"]
    states = {key["kid"]: key["state"] for key in (await run("list"))["keys"]}
    assert states[rotated[0]["kid"]] == "published"
    gone = next(key["kid"] for key in before if key["algorithm"] == "ES256")
    ended = await run("revoke", kid=gone)
    assert (ended["revoked"], ended["successor"]) == (gone, rotated[0]["kid"])
    assert await run("revoke", kid=gone) is None
    actions = await database.pool.fetch("select action from audit order by position desc limit 4")
    assert [row["action"] for row in actions] == ["key.revoked", "key.rotated", "key.rotated", "key.rotated"]


async def revoke(app: FastAPI, kid: str) -> str:
    async with app.state.database.transaction() as session:
        successor, _ = await service.revoke_and_remember(session, seal_of(app.state.settings), kid, now())
    return successor


def claims(audience: str) -> bytes:
    issued = int(now().timestamp())
    content: dict[str, Any] = {"iss": ADDRESS, "sub": str(new_id()), "aud": audience, "jti": str(new_id())}
    return orjson.dumps(content | {"iat": issued, "exp": issued + 60})


def check(token: str, table: KeyTable) -> Claims:
    return verify(token, table, issuer=ADDRESS, audience=AUDIENCE, now=now().timestamp())


def kid_of(token: str) -> str:
    head = token.split(".")[0]
    return str(json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))["kid"])
