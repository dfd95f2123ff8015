"""Making and using signing keys; the only place besides libs.common.tokens that imports python-jose.

Key objects are constructed once: from PEM text, python-jose would spend 30 ms per RSA signature on checks.
"""

import base64
import hashlib
import json
from dataclasses import dataclass
from typing import Final, Literal

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)
from jose import jwk, jws
from jose.backends.base import Key

from services.auth.keys.rules import Algorithm, KeyTimes

TokenType = Literal["at+jwt", "JWT", "logout+jwt"]
# A signature has to hold for the hour its token lives, not for a document's life, and the key turns: 2,048
# bits (112 bits of strength, what every client of OpenID Connect understands) sign four times as fast as
# 3,072, in 0.25 ms instead of more than one. Who wants 128 bits takes ES256.
RSA_BITS: Final = 2048
# The members that a thumbprint is made of (RFC 7638, section 3.2).
_REQUIRED: Final = {"EC": ("crv", "kty", "x", "y"), "RSA": ("e", "kty", "n")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer(KeyTimes):
    """A key ready to sign; `private` is None when another process's retired key is only listed."""

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


def generate(algorithm: Algorithm) -> tuple[str, dict[str, str], bytes]:
    """A new key: its kid (RFC 7638 thumbprint), public JWK and private key in DER. RSA takes 0.1 s."""
    private = (
        ec.generate_private_key(ec.SECP256R1())
        if algorithm == "ES256"
        else rsa.generate_private_key(65537, RSA_BITS)
    )
    public: dict[str, str] = jwk.construct(private.public_key(), algorithm).to_dict()
    required = {name: public[name] for name in _REQUIRED[public["kty"]]}
    text = json.dumps(required, separators=(",", ":"), sort_keys=True)
    digest = hashlib.sha256(text.encode()).digest()
    kid = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    der = private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return kid, {**public, "kid": kid, "use": "sig"}, der


def private_key(der: bytes, algorithm: str) -> Key:
    """The constructed key object of a private key in DER."""
    return jwk.construct(load_der_private_key(der, password=None), algorithm)
