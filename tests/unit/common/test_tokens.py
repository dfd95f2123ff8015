"""What a verifier must refuse: what python-jose wrongly accepts, and attacks 1 to 12 on tokens.

The numbers are those of the list of attacks that auth is built against.
"""

import json
import time
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from libs.common import tokens
from libs.common.tokens import Claims, InvalidToken, KeyTable, TokenVerifier, UnknownKey, verify
from tests.unit.common.forge import AUDIENCE, ISSUER, NOW, Forge, b64, claims, ec_jwk, raw, rsa_jwk

FORGE = Forge()
KEYS = KeyTable.from_jwks(FORGE.jwks())
GOOD_HEADER = {"alg": "ES256", "kid": "es", "typ": "at+jwt"}


def check(token: object, *, now: float = NOW, use: tokens.Use = "access", keys: KeyTable = KEYS) -> Claims:
    return verify(token, keys, issuer=ISSUER, audience=AUDIENCE, use=use, now=now)


def refused(token: object, **arguments: Any) -> None:
    with pytest.raises(InvalidToken):
        check(token, **arguments)


def test_a_good_token_is_believed() -> None:
    found = check(FORGE.token())
    assert found.subject == claims()["sub"]
    assert found.scopes == {"spaces.read", "spaces.write"}
    assert (found.session, found.organisation, found.client_id) == (claims()["sid"], None, "web")
    assert found.members["jti"] == found.token_id == "one"


def test_an_rs256_key_verifies_its_own_tokens() -> None:
    header = {"alg": "RS256", "kid": "rs", "typ": "JWT"}
    assert check(FORGE.token(header=header, with_rsa=hashes.SHA256()), use="id").key_id == "rs"


@pytest.mark.parametrize("alg", ["none", "None", "NONE", "nOnE"])
def test_attack_01_alg_none(alg: str) -> None:
    head, body, signature = FORGE.token(header=GOOD_HEADER | {"alg": alg}).split(".")
    refused(f"{head}.{body}.")
    refused(f"{head}.{body}.{signature}")


def _public_spellings() -> list[bytes]:
    public = FORGE.ec.public_key()
    return [
        public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        public.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH),
        json.dumps(ec_jwk(FORGE.ec, "es")).encode(),
        b"",
    ]


@pytest.mark.parametrize("secret", _public_spellings(), ids=["pem", "der", "ssh", "jwk", "empty"])
@pytest.mark.parametrize("kid", ["es", "rs"])
def test_attack_02_hs256_keyed_with_the_public_key(secret: bytes, kid: str) -> None:
    signed = ".".join(
        b64(json.dumps(part).encode()) for part in ({"alg": "HS256", "kid": kid, "typ": "at+jwt"}, claims())
    )
    mac = hmac.HMAC(secret or b"\0", hashes.SHA256())
    mac.update(signed.encode())
    refused(f"{signed}.{b64(mac.finalize())}")


def test_attack_03_another_algorithm_than_the_kids() -> None:
    refused(FORGE.token(header=GOOD_HEADER | {"alg": "RS256"}, with_rsa=hashes.SHA256()))
    refused(FORGE.token(header={"alg": "RS512", "kid": "rs", "typ": "at+jwt"}, with_rsa=hashes.SHA512()))
    refused(FORGE.token(header={"alg": "RS256", "kid": "rs", "typ": "at+jwt"}, with_rsa=hashes.SHA512()))


@pytest.mark.parametrize(
    "kid",
    [
        "' or 1=1 --",
        "../../etc/passwd",
        "http://127.0.0.1/keys",
        "es\0",
        "x" * 5000,
        ["es"],
        {"es": 1},
        None,
        True,
        1,
        "",
        "\ud800",
    ],
)
def test_attack_04_strange_kid(kid: object) -> None:
    refused(FORGE.token(header=GOOD_HEADER | {"kid": kid}))
    refused(FORGE.token(header=b'{"alg":"ES256","typ":"at+jwt"}'))


@pytest.mark.parametrize("member", ["jwk", "x5c", "jku", "x5u"])
def test_attack_05_a_key_out_of_the_token(member: str) -> None:
    value = ec_jwk(FORGE.ec, "es") if member == "jwk" else "http://127.0.0.1:1/"
    refused(FORGE.token(header=GOOD_HEADER | {member: value}))


@pytest.mark.parametrize("member", ["crit", "b64", "zip", "cty", "nonce"])
def test_attack_06_members_that_would_change_the_rules(member: str) -> None:
    values: dict[str, Any] = {"crit": ["b64"], "b64": False, "zip": "DEF"}
    refused(FORGE.token(header=GOOD_HEADER | {member: values.get(member, "x")}))


@pytest.mark.parametrize(
    "typ", ["JWT", "logout+jwt", "dpop+jwt", "AT+JWT", "application/at+jwt", "", None, ...]
)
def test_attack_07_another_kind_of_token_as_access_token(typ: object) -> None:
    header = {name: value for name, value in (GOOD_HEADER | {"typ": typ}).items() if value is not ...}
    refused(FORGE.token(header=header))


def test_attack_07_an_access_token_as_id_token() -> None:
    refused(FORGE.token(), use="id")


@pytest.mark.parametrize(
    "aud", [..., None, "", [], [None], "urn:xuebu:auth", ["urn:xuebu:auth"], {AUDIENCE: 1}, 1]
)
def test_attack_08_another_audience_or_none(aud: object) -> None:
    refused(FORGE.token(claims(aud=aud)))


@pytest.mark.parametrize("iss", [..., None, "", "https://auth.example/", "https://evil.example", [ISSUER]])
def test_another_issuer(iss: object) -> None:
    refused(FORGE.token(claims(iss=iss)))


@pytest.mark.parametrize("name", ["exp", "iat", "sub", "jti", "iss", "aud"])
def test_a_required_claim_is_missing(name: str) -> None:
    refused(FORGE.token(claims(**{name: ...})))


@pytest.mark.parametrize(
    "exp",
    [
        str(NOW + 60),
        None,
        float("inf"),
        float("nan"),
        True,
        [],
        NOW + 60.0,
        -1,
        NOW + 10 * 365 * 86400,
        10**400,
    ],
)
def test_attack_09_strange_exp(exp: object) -> None:
    refused(FORGE.token(claims(exp=exp)))


@pytest.mark.parametrize("iat", [NOW + 3600, NOW + 31_536_000, str(NOW), None, True, 1.5, NOW + 595])
def test_attack_09_strange_iat(iat: object) -> None:
    refused(FORGE.token(claims(iat=iat)))


def test_attack_09_expired_to_the_second() -> None:
    token = FORGE.token()
    exp = claims()["exp"]
    check(token, now=exp + tokens.LEEWAY_SECONDS - 1)
    refused(token, now=exp + tokens.LEEWAY_SECONDS)


def test_attack_09_not_yet_valid() -> None:
    refused(FORGE.token(claims(nbf=NOW + 3600)))
    refused(FORGE.token(claims(nbf="soon")))


def test_attack_09_repeated_members() -> None:
    body = json.dumps(claims())
    refused(FORGE.token((body[:-1] + f', "exp": {NOW + 500}}}').encode()))
    refused(FORGE.token(header=b'{"alg":"ES256","kid":"es","kid":"rs","typ":"at+jwt"}'))


@pytest.mark.parametrize(
    "header",
    [
        b'{"a":' * 20_000 + b"1" + b"}" * 20_000,
        b"[" * 400 + b"]" * 400,
        b'{"alg":"ES256","kid":"es","typ":' + b"9" * 10_000 + b"}",
        b'{"alg":"ES256","kid":"es","typ":' + b"9" * 400 + b"}",
        b"null",
        b"\xff\xfe",
        b"",
    ],
)
def test_attack_10_monstrous_header(header: bytes) -> None:
    started = time.thread_time()
    refused(FORGE.token(header=header))
    assert time.thread_time() - started < 0.05


def test_attack_10_monstrous_payload_and_token() -> None:
    refused(FORGE.token(b"[" * 3000 + b"]" * 3000))
    refused(FORGE.token(b'{"exp":' + b"9" * 5000 + b"}"))
    started = time.thread_time()
    refused("a" * 10_000_000)
    refused("." * 10_000_000)
    assert time.thread_time() - started < 0.05


def test_attack_11_other_spellings_of_one_token() -> None:
    token = FORGE.token()
    head, body, signature = token.split(".")
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    unused_bits = signature[:-1] + alphabet[alphabet.index(signature[-1]) ^ 1]
    for spelling in (
        f"{head}.{body}.{unused_bits}",
        f"{token}==",
        f"{head}.{body}.{signature}\n",
        f" {token}",
        f"{head}.{body}.{signature[:40]}!{signature[40:]}",
        token.replace("-", "+").replace("_", "/") + "+",
        f"{token}.",
        f"{token}é",
    ):
        refused(spelling)


def test_attack_11_the_other_signature_of_ecdsa_has_the_same_id() -> None:
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    head, body, _ = FORGE.token().split(".")
    der = FORGE.ec.sign(f"{head}.{body}".encode(), ec.ECDSA(hashes.SHA256()))
    signature = raw(der, 32)
    twin = signature[:32] + (order - int.from_bytes(signature[32:])).to_bytes(32)
    first, second = (check(f"{head}.{body}.{b64(one)}") for one in (signature, twin))
    assert first.token_id == second.token_id


def test_attack_12_a_retired_key() -> None:
    token = FORGE.token()
    verifier = TokenVerifier(issuer=ISSUER, audience=AUDIENCE, keys=KEYS)
    verifier.verify(token, NOW)
    verifier.replace_keys(KeyTable.from_jwks({"keys": [rsa_jwk(FORGE.rsa, "rs")]}))
    with pytest.raises(UnknownKey):
        verifier.verify(token, NOW)


@pytest.mark.parametrize("sub", ["", "a\0b", "\ud800", "x" * 256, 7, None, ["a"]])
def test_strange_texts(sub: object) -> None:
    refused(FORGE.token(claims(sub=sub)))
    refused(FORGE.token(claims(jti=sub)))
    refused(FORGE.token(claims(client_id=sub)))


@pytest.mark.parametrize("token", [None, 1, b"a.b.c", "", ".", "..", "a.b", "a.b.c", "a.b.c.d", "é.b.c"])
def test_what_is_no_token(token: object) -> None:
    refused(token)


@given(st.text(max_size=300) | st.binary(max_size=300).map(b64).map(lambda part: f"{part}.{part}.{part}"))
def test_nothing_but_one_refusal_leaves_the_verifier(token: str) -> None:
    refused(token)


@given(
    st.dictionaries(
        st.sampled_from(["exp", "iat", "sub", "aud", "scope", "sid", "nbf", "x"]),
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats()
        | st.text(max_size=5)
        | st.lists(st.integers(), max_size=2),
    )
)
def test_any_claims_are_believed_or_refused(changes: dict[str, Any]) -> None:
    try:
        found = check(FORGE.token(claims(**changes)))
    except InvalidToken:
        return
    assert AUDIENCE in found.audiences
    assert found.expires_at > NOW - tokens.LEEWAY_SECONDS


@pytest.mark.parametrize(
    "jwk",
    [
        ec_jwk(FORGE.p384, "x"),
        ec_jwk(FORGE.ec, "x", crv="P-384"),
        ec_jwk(FORGE.ec, "x", alg="RS256"),
        ec_jwk(FORGE.ec, "x", d="AAAA"),
        ec_jwk(FORGE.ec, "x", use="enc"),
        ec_jwk(FORGE.ec, "x", y="AAAA"),
        ec_jwk(FORGE.ec, "x", x=None),
        ec_jwk(FORGE.ec, ""),
        ec_jwk(FORGE.ec, "x", alg=...) | {"alg": None},
        rsa_jwk(FORGE.weak_rsa, "x"),
        rsa_jwk(FORGE.rsa, "x", alg="RS512"),
        {"kty": "oct", "k": "AAAA", "alg": "HS256", "kid": "x"},
        "text",
        None,
    ],
)
def test_keys_that_are_left_out_of_the_table(jwk: Any) -> None:
    table = KeyTable.from_jwks({"keys": [jwk, ec_jwk(FORGE.ec, "es")]})
    assert list(table) == ["es"]


@pytest.mark.parametrize("jwks", [None, [], {}, {"keys": {}}, {"keys": [ec_jwk(FORGE.ec, "a")] * 2}])
def test_what_is_no_key_set(jwks: Any) -> None:
    with pytest.raises(ValueError, match=r"JWK set"):
        KeyTable.from_jwks(jwks)


def test_the_verifier_remembers_good_tokens_only_and_forgets_the_oldest() -> None:
    verifier = TokenVerifier(issuer=ISSUER, audience=AUDIENCE, keys=KEYS, capacity=2)
    good = [FORGE.token(claims(jti=str(number))) for number in range(3)]
    for token in good:
        assert verifier.verify(token, NOW) is verifier.verify(token, NOW)
        with pytest.raises(InvalidToken):
            verifier.verify(token[:-2], NOW)
    assert len(verifier) == 2
    verifier.forget()
    assert len(verifier) == 0


def test_attack_11_a_dead_token_is_dead_though_it_is_remembered() -> None:
    dead: set[str] = set()
    verifier = TokenVerifier(
        issuer=ISSUER, audience=AUDIENCE, keys=KEYS, is_dead=lambda claims: claims.token_id in dead
    )
    token, twin = FORGE.token(), FORGE.token()
    assert verifier.verify(token, NOW).token_id == "one"
    dead.add("one")
    for spelling in (token, twin, token):
        with pytest.raises(InvalidToken, match="revoked"):
            verifier.verify(spelling, NOW)
    assert len(verifier) == 0


def test_a_remembered_token_expires() -> None:
    verifier = TokenVerifier(issuer=ISSUER, audience=AUDIENCE, keys=KEYS)
    token = FORGE.token()
    verifier.verify(token, NOW)
    with pytest.raises(InvalidToken):
        verifier.verify(token, claims()["exp"] + tokens.LEEWAY_SECONDS)
    with pytest.raises(InvalidToken):
        verifier.verify(token, NOW - 3600)


def test_python_jose_signs_with_cryptography() -> None:
    tokens.require_cryptography_backends()
