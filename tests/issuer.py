"""An issuer of access tokens for tests: its own ES256 key, signed without the library that verifies."""

import base64
import json
import time
from typing import Any
from uuid import UUID, uuid4

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from libs.common.identity import KeySource
from libs.common.tokens import KeyTable


class Issuer:
    """Signs what auth would sign. `address` is the issuer's name in the tokens."""

    def __init__(self, address: str = "http://127.0.0.1:8001", kid: str = "test-1") -> None:
        self.address = address
        self.kid = kid
        self._key = ec.generate_private_key(ec.SECP256R1())

    def key_set(self) -> dict[str, Any]:
        """The public key as a JWK set."""
        numbers = self._key.public_key().public_numbers()
        return {
            "keys": [
                {
                    "kty": "EC",
                    "crv": "P-256",
                    "alg": "ES256",
                    "use": "sig",
                    "kid": self.kid,
                    "x": _encode(numbers.x.to_bytes(32)),
                    "y": _encode(numbers.y.to_bytes(32)),
                }
            ]
        }

    def source(self) -> KeySource:
        """The key set, as a service fetches it."""

        async def fetch() -> KeyTable:
            return KeyTable.from_jwks(self.key_set())

        return fetch

    def person(self, person: UUID, audience: str, scope: str, **claims: Any) -> str:
        """A signed-in person's token."""
        return self.sign(sub=str(person), aud=[audience], scope=scope, sid=str(uuid4()), **claims)

    def client(self, organisation: UUID | None, audience: str, scope: str, **claims: Any) -> str:
        """The token of an institution's machine client, or of a service when there is no organisation."""
        client = str(uuid4())
        place: dict[str, Any] = {"org": str(organisation)} if organisation else {}
        return self.sign(sub=client, client_id=client, aud=[audience], scope=scope, **place, **claims)

    def sign(self, header: dict[str, Any] | None = None, **claims: Any) -> str:
        now = int(time.time())
        payload = {
            "iss": self.address,
            "iat": now,
            "exp": now + 3600,
            "jti": str(uuid4()),
            "client_id": "web",
            **claims,
        }
        head = {"alg": "ES256", "kid": self.kid, "typ": "at+jwt", **(header or {})}
        signed = f"{_encode(json.dumps(head).encode())}.{_encode(json.dumps(payload).encode())}"
        r, s = decode_dss_signature(self._key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
        return f"{signed}.{_encode(r.to_bytes(32) + s.to_bytes(32))}"


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def _encode(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode().rstrip("=")
