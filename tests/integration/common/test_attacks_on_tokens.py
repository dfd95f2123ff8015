"""Attacks 1 to 12 on tokens, walked over HTTP against a route of the common floor; 13 is auth's.

Each answer is the one refusal, nothing is fetched or opened for it, and the service is well afterwards. Every
detail of what a verifier refuses is in tests/unit/common/test_tokens.py under the same numbers.
"""

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from typing import Any
from uuid import uuid4

import httpx
import pytest
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from fastapi import FastAPI

from libs.common.http import Service, create_app
from libs.common.identity import ActiveRole
from libs.common.revocations import Revocation, RevocationPage
from libs.common.settings import ServiceSettings
from libs.common.tokens import KeyTable
from tests.integration.auth.neighbour import on_a_socket
from tests.integration.common.floor_app import AUDIENCE, router
from tests.unit.common.forge import Forge, b64, ec_jwk
from tests.unit.common.forge import claims as good_claims

FORGE = Forge()
GOOD = {"alg": "ES256", "kid": "es", "typ": "at+jwt"}
#: what the interpreter reports while a token is judged: files opened, processes, connections
_watched: list[str] = []
_watching = False


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if _watching and event in ("open", "socket.connect", "socket.getaddrinfo", "subprocess.Popen"):
        _watched.append(f"{event} {arguments[:1]}")


sys.addaudithook(_hook)


@contextmanager
def nothing_is_touched() -> Iterator[None]:
    """No file is opened and nobody is connected to meanwhile."""
    global _watching
    _watched.clear()
    _watching = True
    try:
        yield
    finally:
        _watching = False
    assert _watched == []


class Target:
    """The floor, verifying tokens of the forge, with two keys and a list of revocations."""

    def __init__(self, settings: ServiceSettings) -> None:
        self.keys = FORGE.jwks()
        self.revoked: list[Revocation] = []

        async def keys() -> KeyTable:
            return KeyTable.from_jwks(self.keys)

        async def revocations(_cursor: str | None) -> RevocationPage:
            return RevocationPage(self.revoked, "", False, json.dumps(self.keys))

        self.app: FastAPI = create_app(
            Service(
                name="floor",
                title="Floor",
                description="",
                audience=AUDIENCE,
                settings=settings,
                routers=[router],
                keys=lambda _app: keys,
                revocations=lambda _app: revocations,
                background=False,
            )
        )
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        self.http = httpx.AsyncClient(transport=transport, base_url="http://floor.example")

    async def status(self, token: str) -> int:
        answer = await self.http.get("/me", headers={"Authorization": f"Bearer {token}"})
        if answer.status_code == 401:
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.headers["www-authenticate"].startswith("Bearer")
            assert "Traceback" not in answer.text
        return answer.status_code

    async def refuses(self, *tokens: str) -> None:
        """Each is answered 401; a good token still is not."""
        with nothing_is_touched():
            for token in tokens:
                assert await self.status(token) == 401, token[:200]
        assert await self.status(FORGE.token(claims())) == 200


def claims(**changes: Any) -> dict[str, Any]:
    now = int(time.time())
    return good_claims(iat=now, exp=now + 600, aud=[AUDIENCE], jti=str(uuid4())) | {
        name: value for name, value in changes.items() if value is not ...
    }


@pytest.fixture(scope="module")
async def target(store: Any) -> AsyncIterator[Target]:
    settings = ServiceSettings(
        environment="development",
        database=store.database,
        redis=store.redis,
        redis_prefix=f"test:{uuid4().hex[:8]}:",
        issuer=good_claims()["iss"],
        requests_per_minute=0,
        log_level="ERROR",
    )
    it = Target(settings)
    async with it.app.router.lifespan_context(it.app), it.http:
        await it.app.state.identity.refresh()
        assert await it.status(FORGE.token(claims())) == 200  # what is loaded lazily is loaded
        assert await it.status("x") == 401
        yield it


async def test_attack_1_alg_none(target: Target) -> None:
    tokens = []
    for alg in ("none", "None", "NONE", "nOnE"):
        head, body, signature = FORGE.token(claims(), header=GOOD | {"alg": alg}).split(".")
        tokens += [f"{head}.{body}.", f"{head}.{body}", f"{head}.{body}.{signature}"]
    await target.refuses(*tokens)


async def test_attack_2_hs256_keyed_with_the_public_key(target: Target) -> None:
    public = FORGE.ec.public_key()
    tokens = []
    for secret in (
        public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        public.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH),
        json.dumps(ec_jwk(FORGE.ec, "es")).encode(),
    ):
        parts = (GOOD | {"alg": "HS256"}, claims())
        signed = ".".join(b64(json.dumps(part).encode()) for part in parts)
        mac = hmac.HMAC(secret, hashes.SHA256())
        mac.update(signed.encode())
        tokens.append(f"{signed}.{b64(mac.finalize())}")
    await target.refuses(*tokens)


async def test_attack_3_another_algorithm_than_the_keys(target: Target) -> None:
    rs512 = {"alg": "RS512", "kid": "rs", "typ": "at+jwt"}
    await target.refuses(
        FORGE.token(claims(), header=GOOD | {"alg": "RS256"}, with_rsa=hashes.SHA256()),
        FORGE.token(claims(), header=rs512, with_rsa=hashes.SHA512()),
    )


async def test_attack_4_no_query_and_no_file_by_kid(target: Target) -> None:
    kids = ("' or 1=1 --", "../../etc/passwd", "http://127.0.0.1/x", "es\0", "x" * 5000, ["es"], None)
    await target.refuses(*(FORGE.token(claims(), header=GOOD | {"kid": kid}) for kid in kids))


async def test_attack_5_no_key_out_of_the_token_and_no_connection(target: Target) -> None:
    connected = asyncio.Event()
    listener = await asyncio.start_server(lambda _reader, _writer: connected.set(), "127.0.0.1", 0)
    address = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}/keys"
    headers = ({"jwk": ec_jwk(FORGE.ec, "es")}, {"x5c": ["MIIB"]}, {"jku": address}, {"x5u": address})
    try:
        await target.refuses(*(FORGE.token(claims(), header=GOOD | header) for header in headers))
        await asyncio.sleep(0.01)
        assert not connected.is_set()
    finally:
        listener.close()


async def test_attack_6_nothing_that_changes_the_rules(target: Target) -> None:
    headers: tuple[dict[str, Any], ...] = ({"crit": ["exp"]}, {"crit": ["b64"], "b64": False}, {"zip": "DEF"})
    await target.refuses(*(FORGE.token(claims(), header=GOOD | header) for header in headers))


async def test_attack_7_no_other_kind_of_token(target: Target) -> None:
    """ID token, logout token, client assertion; a refresh token is no JWT at all."""
    kinds = ("JWT", "logout+jwt", "client-authentication+jwt", "dpop+jwt")
    without = {name: value for name, value in GOOD.items() if name != "typ"}
    await target.refuses(
        *(FORGE.token(claims(), header=GOOD | {"typ": kind}) for kind in kinds),
        FORGE.token(claims(), header=without),
        "T7bq0sBvJ2Xo3kq8Qm1yq7o8G5bq0sBvJ2Xo3kq8Qm1",
    )


async def test_attack_8_a_token_of_service_a_at_service_b(target: Target) -> None:
    aims: tuple[Any, ...] = ("urn:xuebu:auth", ["urn:xuebu:auth", "urn:xuebu:spaces"], [], None)
    await target.refuses(*(FORGE.token(claims(aud=aim)) for aim in aims))


async def test_attack_9_strange_times(target: Target) -> None:
    now = int(time.time())
    ends: tuple[Any, ...] = (str(now + 60), None, float("inf"), True, now + 10 * 365 * 86400, now - 60)
    twice = json.dumps(claims())[:-1] + f', "exp": {now + 60}}}'
    await target.refuses(
        *(FORGE.token(claims(exp=end)) for end in ends),
        FORGE.token(claims(iat=now + 3600, exp=now + 3700)),
        FORGE.token(twice.encode()),
    )


async def test_attack_10_monstrous_tokens_are_refused_within_50_ms(target: Target) -> None:
    headers = (
        b'{"a":' * 1_000 + b"1" + b"}" * 1_000,
        b'{"alg":"ES256","kid":"es","typ":' + b"9" * 10_000 + b"}",
        b"[" * 5_000,
    )
    for header in headers:
        token = FORGE.token(claims(), header=header)
        started = time.thread_time()
        await target.refuses(token)
        assert time.thread_time() - started < 0.05 + 0.05  # the good token's own verification beside it


async def test_attack_10_a_token_of_10_mb_over_the_wire(target: Target) -> None:
    async with on_a_socket(target.app) as address:
        port = int(address.rpartition(":")[2])
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        started = time.thread_time()
        try:
            writer.write(b"GET /me HTTP/1.1\r\nHost: floor\r\nAuthorization: Bearer " + b"a" * 10_000_000)
            status = (await asyncio.wait_for(reader.readline(), 5)).split()[1]
        except ConnectionError:  # ended before all of it was sent
            status = b"431"
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()
        assert status == b"431"
        assert time.thread_time() - started < 1
    assert await target.status(FORGE.token(claims())) == 200


async def test_attack_11_another_spelling_after_revocation(target: Target) -> None:
    content = claims()
    token = FORGE.token(content)
    assert await target.status(token) == 200
    twin = FORGE.token(content)  # another signature over the same: another text, the same id
    assert twin != token
    assert await target.status(twin) == 200
    target.revoked.append(Revocation("token", content["jti"], None, int(time.time()) + 600))
    await target.app.state.identity.revocations.refresh()
    await target.refuses(token, twin, f"{token}=", token[:-1] + chr(ord(token[-1]) ^ 1))


async def test_attack_12_a_key_that_is_published_no_more(target: Target) -> None:
    token = FORGE.token(claims())
    assert await target.status(token) == 200
    kept = target.keys
    other = Forge()
    target.keys = {"keys": [ec_jwk(other.ec, "next")]}
    try:
        await target.app.state.identity.revocations.refresh()  # which tells that the keys have changed
        assert await target.status(token) == 401
        assert await target.status(other.token(claims(), header=GOOD | {"kid": "next"})) == 200
    finally:
        target.keys = kept
        await target.app.state.identity.revocations.refresh()
    assert await target.status(token) == 200


@pytest.mark.parametrize("kind", ["session", "family", "client", "person"])
async def test_attack_13_what_the_token_hangs_on_is_revoked(target: Target, kind: Any) -> None:
    content = claims(client_id=uuid4().hex, sub=str(uuid4()), sid=str(uuid4()), family=str(uuid4()))
    claim = {"session": "sid", "family": "family", "client": "client_id", "person": "sub"}[kind]
    token, until = FORGE.token(content), int(time.time()) + 600
    assert await target.status(token) == 200
    target.revoked = [Revocation(kind, content[claim], content["iat"] - 1, until)]
    await target.app.state.identity.revocations.refresh()
    assert await target.status(token) == 200, "issued after it was revoked"
    target.revoked = [Revocation(kind, content[claim], content["iat"], until)]
    await target.app.state.identity.revocations.refresh()
    await target.refuses(token)


async def test_a_role_and_a_family_reach_the_caller_or_the_token_is_refused(target: Target) -> None:
    place, family = uuid4(), uuid4()
    token = FORGE.token(claims(family=str(family), role={"role": "teacher", "organisation": str(place)}))
    caller = await target.app.state.identity.caller(f"Bearer {token}")
    assert (caller.family, caller.role) == (family, ActiveRole("teacher", place))
    plain = await target.app.state.identity.caller(f"Bearer {FORGE.token(claims())}")
    assert (plain.family, plain.role) == (None, None)
    strange: tuple[Any, ...] = (
        "teacher",
        ["teacher", str(place)],
        {"role": "teacher"},
        {"role": 1, "organisation": str(place)},
        {"role": "teacher", "organisation": "x"},
        {"role": "teacher", "organisation": None},
    )
    await target.refuses(
        *(FORGE.token(claims(role=one)) for one in strange), FORGE.token(claims(family="none"))
    )
