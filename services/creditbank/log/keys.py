"""Keys that sign checkpoints, at rest only sealed: AES-256-GCM, bound to the log and the public key."""

import hmac
import os
from hashlib import sha256
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from services.creditbank.log.notes import Signer

_DOMAIN: Final = b"xuebu creditbank log keys 1"
_NONCE_BYTES: Final = 12


class SealBroken(Exception):
    """A stored key does not open: another key encryption key, another log, or altered data."""


class LogKeys:
    """Makes, seals and opens keys under the service's key encryption key."""

    def __init__(self, secret: str) -> None:
        self._cipher = AESGCM(hmac.digest(secret.encode(), _DOMAIN, sha256))

    def fresh(self, origin: str) -> tuple[bytes, bytes]:
        """A new key for a log: its public half, and the private one sealed."""
        key = Ed25519PrivateKey.generate()
        public, nonce = key.public_key().public_bytes_raw(), os.urandom(_NONCE_BYTES)
        return public, nonce + self._cipher.encrypt(nonce, key.private_bytes_raw(), origin.encode() + public)

    def open(self, origin: str, public: bytes, sealed: bytes) -> Signer:
        """The key, ready to sign for its log; raises SealBroken."""
        try:
            private = self._cipher.decrypt(
                sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], origin.encode() + public
            )
        except (InvalidTag, ValueError):
            raise SealBroken(origin) from None
        return Signer(origin, Ed25519PrivateKey.from_private_bytes(private))
