"""Tokens of every evil shape, signed without the library that verifies."""

import base64
import json
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

ISSUER = "https://auth.example"
AUDIENCE = "urn:xuebu:spaces"
NOW = 1_900_000_000


def b64(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode().rstrip("=")


def claims(**changes: Any) -> dict[str, Any]:
    """Good claims, changed; None of ... removes one."""
    good = {
        "iss": ISSUER,
        "sub": "0190f3a0-0000-7000-8000-000000000001",
        "aud": [AUDIENCE],
        "client_id": "web",
        "iat": NOW - 10,
        "exp": NOW + 590,
        "jti": "one",
        "scope": "spaces.read spaces.write",
        "sid": "0190f3a0-0000-7000-8000-000000000002",
    }
    return {name: value for name, value in (good | changes).items() if value is not ...}


class Forge:
    """Keys of several kinds, and what can be signed with them."""

    def __init__(self) -> None:
        self.ec = ec.generate_private_key(ec.SECP256R1())
        self.p384 = ec.generate_private_key(ec.SECP384R1())
        self.rsa = rsa.generate_private_key(65537, 2048)
        self.weak_rsa = rsa.generate_private_key(65537, 1024)  # noqa: S505  to be refused

    def jwks(self) -> dict[str, Any]:
        """The two good keys."""
        return {"keys": [ec_jwk(self.ec, "es"), rsa_jwk(self.rsa, "rs")]}

    def token(
        self,
        payload: bytes | dict[str, Any] | None = None,
        *,
        header: bytes | dict[str, Any] | None = None,
        with_rsa: hashes.HashAlgorithm | None = None,
    ) -> str:
        """A token with any header and any payload under a right signature."""
        head = {"alg": "ES256", "kid": "es", "typ": "at+jwt"} if header is None else header
        body = claims() if payload is None else payload
        parts = [part if isinstance(part, bytes) else json.dumps(part).encode() for part in (head, body)]
        signed = ".".join(map(b64, parts))
        if with_rsa is not None:
            signature = self.rsa.sign(signed.encode(), padding.PKCS1v15(), with_rsa)
        else:
            signature = raw(self.ec.sign(signed.encode(), ec.ECDSA(hashes.SHA256())), 32)
        return f"{signed}.{b64(signature)}"


def raw(der: bytes, size: int) -> bytes:
    """An ECDSA signature as JWS has it."""
    r, s = decode_dss_signature(der)
    return r.to_bytes(size) + s.to_bytes(size)


def ec_jwk(key: ec.EllipticCurvePrivateKey, kid: str, **changes: Any) -> dict[str, Any]:
    numbers = key.public_key().public_numbers()
    size = (key.key_size + 7) // 8
    return {
        "kty": "EC",
        "crv": "P-256" if size == 32 else "P-384",
        "alg": "ES256",
        "use": "sig",
        "kid": kid,
        "x": b64(numbers.x.to_bytes(size)),
        "y": b64(numbers.y.to_bytes(size)),
    } | changes


def rsa_jwk(key: rsa.RSAPrivateKey, kid: str, **changes: Any) -> dict[str, Any]:
    numbers = key.public_key().public_numbers()
    return {
        "kty": "RSA",
        "alg": "RS256",
        "use": "sig",
        "kid": kid,
        "n": b64(numbers.n.to_bytes((numbers.n.bit_length() + 7) // 8)),
        "e": b64(numbers.e.to_bytes(3)),
    } | changes
