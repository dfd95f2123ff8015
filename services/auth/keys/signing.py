"""Making and using signing keys; the only place besides libs.common.tokens that imports python-jose.

Key objects are constructed once: from PEM text, python-jose would spend 30 ms per RSA signature on checks.
"""

import base64
import hashlib
import json
from dataclasses import dataclass
from typing import Final, Literal

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)
from jose import jwk, jws
from jose.backends.base import Key

from services.auth.keys.rules import KeyTimes

ALGORITHM: Final = "ES256"
TokenType = Literal["at+jwt", "JWT", "logout+jwt"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer(KeyTimes):
    """A key ready to sign; `private` is None when another process's retired key is only listed."""

    algorithm: str
    public: dict[str, str]
    private: Key | None

    def sign(self, claims: bytes, typ: TokenType) -> str:
        """The signed token of the claims, given as JSON text."""
        if self.private is None:
            raise ValueError("a retired key signs nothing")
        token: str = jws.sign(
            claims, self.private, headers={"kid": self.kid, "typ": typ}, algorithm=self.algorithm
        )
        return token


def generate() -> tuple[str, dict[str, str], bytes]:
    """A new P-256 key: its kid (RFC 7638 thumbprint), public JWK and private key in DER."""
    private = ec.generate_private_key(ec.SECP256R1())
    public: dict[str, str] = jwk.construct(private.public_key(), ALGORITHM).to_dict()
    required = json.dumps(
        {name: public[name] for name in ("crv", "kty", "x", "y")}, separators=(",", ":"), sort_keys=True
    )
    digest = hashlib.sha256(required.encode()).digest()
    kid = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    der = private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return kid, {**public, "kid": kid, "use": "sig"}, der


def private_key(der: bytes, algorithm: str) -> Key:
    """The constructed key object of a private key in DER."""
    return jwk.construct(load_der_private_key(der, password=None), algorithm)
