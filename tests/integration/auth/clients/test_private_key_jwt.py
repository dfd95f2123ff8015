"""private_key_jwt (RFC 7523): attack 35, and what certified clients send."""

import asyncio
import base64
import hmac
import json
import time
from typing import Any

import httpx
import pytest
from authlib.oauth2.rfc7523 import private_key_jwt_sign
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from fastapi import FastAPI
from joserfc.jwk import ECKey, RSAKey

from tests.integration.auth.clients.conftest import Grounds
from tests.integration.auth.clients.proofs import (
    ASSERTION_TYPE,
    GRANT,
    TOKEN_ENDPOINT,
    Signer,
    b64,
    raw_signature,
    refused,
    token,
    token_by_secret,
)
from tests.integration.auth.places import ADDRESS, connection


@pytest.fixture(scope="session")
async def signer(grounds: Grounds) -> Signer:
    return await grounds.signer()


@pytest.mark.parametrize("algorithm", ["ES256", "RS256"])
async def test_a_token_for_a_key(grounds: Grounds, http: httpx.AsyncClient, algorithm: str) -> None:
    signer = await grounds.signer(algorithm)
    assert (signer.client["authentication"], signer.client["client_secret"]) == ("private_key", None)
    assert signer.client["secrets"] == []
    answer = await token(http, signer.assertion())
    assert answer.status_code == 200, answer.text
    assert answer.json()["scope"] == "credits.post"
    named = await token(http, signer.assertion(), client_id=signer.client["client_id"])
    assert named.status_code == 200


@pytest.mark.parametrize("audience", [ADDRESS, TOKEN_ENDPOINT, [ADDRESS], [ADDRESS, TOKEN_ENDPOINT]])
@pytest.mark.parametrize("typ", [None, "JWT", "client-authentication+jwt"])
async def test_what_certified_clients_send(
    http: httpx.AsyncClient, signer: Signer, audience: Any, typ: str | None
) -> None:
    kid = signer.client["public_keys"][0]["kid"]
    for header in ({}, {"kid": kid}):
        head = header | ({"typ": typ} if typ else {})
        assert (await token(http, signer.assertion(head, aud=audience))).status_code == 200
    assert (await token(http, signer.assertion(iat=None, nbf=int(time.time())))).status_code == 200


@pytest.mark.parametrize("algorithm", ["ES256", "RS256"])
async def test_what_authlib_sends(grounds: Grounds, http: httpx.AsyncClient, algorithm: str) -> None:
    """It names no kid, and lets an assertion live for an hour."""
    signer = await grounds.signer(algorithm)
    pem = signer.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    key = ECKey.import_key(pem) if algorithm == "ES256" else RSAKey.import_key(pem)
    name = signer.client["client_id"]
    assertion = private_key_jwt_sign(key, client_id=name, token_endpoint=TOKEN_ENDPOINT, alg=algorithm)
    answer = await token(http, assertion)
    assert answer.status_code == 200, answer.text


async def test_attack_35_a_replayed_jti(auth_app: FastAPI, http: httpx.AsyncClient, signer: Signer) -> None:
    assertion = signer.assertion()
    assert (await token(http, assertion)).status_code == 200
    refused(await token(http, assertion), "invalid_client", 401)
    resigned = signer.assertion(jti=json.loads(_payload(assertion))["jti"])
    refused(await token(http, resigned), "invalid_client", 401)
    async with connection(auth_app) as elsewhere:
        refused(await token(elsewhere, assertion), "invalid_client", 401)


async def test_attack_35_one_jti_at_the_same_time(http: httpx.AsyncClient, signer: Signer) -> None:
    assertion = signer.assertion()
    answers = await asyncio.gather(*(token(http, assertion) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [200, *[401] * 7]


async def test_a_jti_belongs_to_one_client(grounds: Grounds, http: httpx.AsyncClient, signer: Signer) -> None:
    other = await grounds.signer()
    assert (await token(http, signer.assertion(jti="the same"))).status_code == 200
    assert (await token(http, other.assertion(jti="the same"))).status_code == 200


WRONG_CLAIMS: list[dict[str, Any]] = [
    {"aud": "https://other.example"},
    {"aud": f"{ADDRESS}.evil.example"},
    {"aud": [TOKEN_ENDPOINT, "https://other.example"]},
    {"aud": []},
    {"aud": None},
    {"aud": {"a": 1}},
    {"aud": [[ADDRESS]]},
    {"exp": lambda now: now + 86_400},
    {"exp": lambda now: now + 3_700},
    {"exp": lambda now: now - 300},
    {"exp": None},
    {"exp": lambda now: str(now + 60)},
    {"exp": True},
    {"exp": 1e300},
    {"exp": lambda now: [now + 60]},
    {"iat": lambda now: now + 300},
    {"nbf": lambda now: now + 300},
    {"jti": None},
    {"jti": ""},
    {"jti": 7},
    {"jti": "x" * 300},
    {"jti": "a\u0000b"},
    {"jti": "\ud800"},
    {"iss": "somebody"},
    {"iss": None},
]


@pytest.mark.parametrize("changes", WRONG_CLAIMS, ids=lambda one: next(iter(one)))
async def test_attack_35_claims_that_prove_nothing(
    http: httpx.AsyncClient, signer: Signer, changes: dict[str, Any]
) -> None:
    now = int(time.time())
    wrong = {name: value(now) if callable(value) else value for name, value in changes.items()}
    refused(await token(http, signer.assertion(**wrong)), "invalid_client", 401)


async def test_attack_35_sub_not_equal_iss(grounds: Grounds, http: httpx.AsyncClient, signer: Signer) -> None:
    other = await grounds.signer()
    for sub in ("nobody", other.client["client_id"], None, 5, ""):
        refused(await token(http, signer.assertion(sub=sub)), "invalid_client", 401)
    stolen = signer.of(other.client)
    refused(await token(http, stolen.assertion()), "invalid_client", 401)
    mismatch = await token(http, signer.assertion(), client_id=other.client["client_id"])
    refused(mismatch, "invalid_request")


async def test_attack_35_hs256_none_and_other_algorithms(http: httpx.AsyncClient, signer: Signer) -> None:
    payload = b64(json.dumps(signer.claims()).encode())
    for alg in ("none", "None", "NONE", ""):
        head = b64(json.dumps({"alg": alg}).encode())
        refused(await token(http, f"{head}.{payload}."), "invalid_client", 401)
        refused(await token(http, f"{head}.{payload}.AAAA"), "invalid_client", 401)
    signed = f"{b64(json.dumps({'alg': 'HS256'}).encode())}.{payload}"
    for secret in (json.dumps(signer.public), signer.public["x"], "", signer.client["client_id"]):
        digest = hmac.digest(secret.encode(), signed.encode(), "sha256")
        refused(await token(http, f"{signed}.{b64(digest)}"), "invalid_client", 401)
    kid = {"kid": signer.client["public_keys"][0]["kid"]}
    for alg in ("RS256", "ES384", "PS256", "EdDSA", "HS256", "none"):
        refused(await token(http, signer.assertion({"alg": alg})), "invalid_client", 401)
        refused(await token(http, signer.assertion(kid | {"alg": alg})), "invalid_client", 401)


@pytest.mark.parametrize(
    "header",
    [
        {"kid": "unknown"},
        {"kid": None},
        {"kid": ["a"]},
        {"kid": "../../etc/passwd"},
        {"kid": "' or 1=1 --"},
        {"typ": "at+jwt"},
        {"crit": ["b64"], "b64": False},
        {"jwk": {"kty": "EC"}},
        {"jku": "http://127.0.0.1:1/keys"},
        {"x5c": []},
        {"pad": "x" * 600},
    ],
    ids=lambda one: next(iter(one)),
)
async def test_attack_35_headers(http: httpx.AsyncClient, signer: Signer, header: dict[str, Any]) -> None:
    refused(await token(http, signer.assertion(header)), "invalid_client", 401)


async def test_attack_35_spellings_and_rubbish(http: httpx.AsyncClient, signer: Signer) -> None:
    good = signer.assertion()
    head, payload, signature = good.split(".")
    twice = b64(b'{"sub":"x",' + _payload(good)[1:])
    signed = f"{head}.{twice}".encode()
    for bad in (
        f"{head}.{payload}.{signature}=",
        f"{head}.{payload}.{signature[:-4]}",
        f"{head}.{payload}",
        f"{head}.{payload}.",
        f"{good}.{payload}",
        f"{head}.{twice}.{b64(raw_signature(signer.private, signed))}",
        signer.sign(b"[]"),
        signer.sign(b"\xff"),
        signer.sign(b'{"a":' * 400 + b"1" + b"}" * 400),
        "x",
        "é.é.é",
        f"{head}.{payload}.{signature}" + "A" * 4000,
    ):
        assert (await token(http, bad)).status_code == (400 if len(bad) > 4096 else 401)
    assert (await token(http, good)).status_code == 200


async def test_attack_34_an_assertion_beside_another_proof(http: httpx.AsyncClient, signer: Signer) -> None:
    proof = {"client_assertion_type": ASSERTION_TYPE, "client_assertion": signer.assertion()}
    with_secret = GRANT | proof | {"client_id": signer.client["client_id"], "client_secret": "x" * 40}
    refused(await http.post("/oauth/token", data=with_secret), "invalid_request")
    basic = (signer.client["client_id"], "x" * 40)
    refused(await http.post("/oauth/token", data=GRANT | proof, auth=basic), "invalid_request")
    wrong_type = GRANT | proof | {"client_assertion_type": "urn:ietf:params:oauth:grant-type:saml2-bearer"}
    refused(await http.post("/oauth/token", data=wrong_type), "invalid_client", 401)
    for missing in proof:
        form = GRANT | {name: value for name, value in proof.items() if name != missing}
        refused(await http.post("/oauth/token", data=form), "invalid_client", 401)


async def test_a_client_with_keys_has_no_secret(http: httpx.AsyncClient, signer: Signer) -> None:
    assert await token_by_secret(http, signer.client, "") == 401
    assert await token_by_secret(http, signer.client, "None") == 401


async def test_several_keys_and_attack_65_a_removed_one(grounds: Grounds, http: httpx.AsyncClient) -> None:
    one, two = Signer.new(), Signer.new()
    keys = [one.public | {"kid": "one"}, two.public | {"kid": "two"}]
    client = await grounds.client(public_keys={"keys": keys})
    one, two = one.of(client), two.of(client)
    for signer, kid in ((one, "one"), (two, "two")):
        assert (await token(http, signer.assertion({"kid": kid}))).status_code == 200
    refused(await token(http, one.assertion({"kid": "two"})), "invalid_client", 401)
    refused(await token(http, one.assertion()), "invalid_client", 401)  # which of two is not guessed
    change = {"public_keys": {"keys": keys[1:]}}
    changed = await grounds.head.http.patch(f"/v1/clients/{client['id']}", json=change)
    assert changed.json()["public_keys"] == [{"kid": "two", "alg": "ES256"}]
    refused(await token(http, one.assertion({"kid": "one"})), "invalid_client", 401)
    assert (await token(http, two.assertion())).status_code == 200


async def test_keys_take_the_place_of_secrets_after_a_day(
    grounds: Grounds, auth_app: FastAPI, http: httpx.AsyncClient
) -> None:
    client = await grounds.client()
    signer = Signer.new().of(client)
    address = f"/v1/clients/{client['id']}"
    changed = await grounds.head.http.patch(address, json={"public_keys": {"keys": [signer.public]}})
    assert changed.json()["secrets"][0]["expires_at"] is not None
    assert (await token(http, signer.assertion())).status_code == 200
    assert await token_by_secret(http, client) == 200
    await auth_app.state.database.pool.execute(
        "update client_secret set expires_at = now() where client_id = $1", client["id"]
    )
    assert await token_by_secret(http, client) == 401
    refused_secret = await grounds.head.http.post(f"{address}/secrets", json={})
    assert refused_secret.json()["type"].endswith("/client-has-keys")
    assert (await grounds.head.http.patch(address, json={"public_keys": None})).json()["public_keys"] == []
    refused(await token(http, signer.assertion()), "invalid_client", 401)


async def test_used_assertions_are_forgotten_when_they_are_over(
    auth_app: FastAPI, http: httpx.AsyncClient, signer: Signer
) -> None:
    pool = auth_app.state.database.pool
    await token(http, signer.assertion())
    await pool.execute("update client_assertion set expires_at = now() - interval '1 minute'")
    over = "select count(*) from client_assertion where expires_at < now()"
    left = before = await pool.fetchval(over)
    for _ in range(before // 10 + 1):
        assert (await token(http, signer.assertion())).status_code == 200
        left = await pool.fetchval(over)
    assert (before > 0, left) == (True, 0)


def _payload(token: str) -> bytes:
    part = token.split(".")[1]
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
