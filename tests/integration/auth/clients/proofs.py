"""How a client proves itself with a key: assertions made by hand, so that anything can be wrong in them."""

import base64
import json
import time
from dataclasses import dataclass, field, replace
from typing import Any, Self
from uuid import uuid4

import httpx
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from tests.integration.auth.places import ADDRESS

GRANT = {"grant_type": "client_credentials"}
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
TOKEN_ENDPOINT = f"{ADDRESS}/oauth/token"


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def number(value: int, size: int | None = None) -> str:
    return b64(value.to_bytes(size or (value.bit_length() + 7) // 8, "big"))


def public_of(private: Any) -> dict[str, str]:
    """The public JWK of a key."""
    numbers = private.public_key().public_numbers()
    if isinstance(private, rsa.RSAPrivateKey):
        return {"kty": "RSA", "n": number(numbers.n), "e": number(numbers.e)}
    size = private.curve.key_size // 8
    curve = f"P-{private.curve.key_size}"
    return {"kty": "EC", "crv": curve, "x": number(numbers.x, size), "y": number(numbers.y, size)}


def raw_signature(private: Any, signed: bytes) -> bytes:
    if isinstance(private, rsa.RSAPrivateKey):
        return private.sign(signed, padding.PKCS1v15(), hashes.SHA256())
    r, s = decode_dss_signature(private.sign(signed, ec.ECDSA(hashes.SHA256())))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


@dataclass(frozen=True)
class Signer:
    """A private key and the client that registered its public half."""

    private: Any
    algorithm: str
    client: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def new(cls, algorithm: str = "ES256", bits: int = 2048) -> Self:
        if algorithm == "RS256":
            return cls(rsa.generate_private_key(public_exponent=65537, key_size=bits), algorithm)
        return cls(ec.generate_private_key(ec.SECP256R1()), algorithm)

    @property
    def public(self) -> dict[str, str]:
        return public_of(self.private)

    def of(self, client: dict[str, Any]) -> Self:
        return replace(self, client=client)

    def claims(self, **changes: Any) -> dict[str, Any]:
        """What an assertion must say; a change to None leaves a claim out."""
        now = int(time.time())
        name = self.client["client_id"]
        usual = {"iss": name, "sub": name, "aud": TOKEN_ENDPOINT, "iat": now, "exp": now + 60}
        claims = usual | {"jti": uuid4().hex} | changes
        return {member: value for member, value in claims.items() if value is not None}

    def assertion(self, header: dict[str, Any] | None = None, **changes: Any) -> str:
        return self.sign(json.dumps(self.claims(**changes)).encode(), header)

    def sign(self, payload: bytes, header: dict[str, Any] | None = None) -> str:
        head = {"alg": self.algorithm} | (header or {})
        signed = f"{b64(json.dumps(head).encode())}.{b64(payload)}"
        return f"{signed}.{b64(raw_signature(self.private, signed.encode()))}"


async def token(http: httpx.AsyncClient, assertion: str, **form: str) -> httpx.Response:
    """Ask for a token with an assertion."""
    proof = {"client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion}
    return await http.post("/oauth/token", data=GRANT | proof | form)


async def token_by_secret(http: httpx.AsyncClient, client: dict[str, Any], secret: str | None = None) -> int:
    """Ask for a token with a secret; the status."""
    proof = (client["client_id"], client["client_secret"] if secret is None else secret)
    return (await http.post("/oauth/token", data=GRANT, auth=proof)).status_code


def refused(answer: httpx.Response, error: str, status: int = 400) -> None:
    assert (answer.status_code, answer.json()["error"]) == (status, error), answer.text
