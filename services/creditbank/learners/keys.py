"""Shred keys: 32 random bytes for each learner, at rest only wrapped.

The salts of a learner's commitments are derived from the key, so deleting its row makes them unopenable
(design: erasure). A wrapped key is bound to its learner's number: moved to another row it does not open.
"""

import hmac
import os
from hashlib import sha256
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_VERSION = b"\x01"
_NONCE_BYTES = 12
_KEY_BYTES = 32
_DOMAIN = b"xuebu creditbank shred keys 1"


class KeyRing:
    """Wraps and opens shred keys under the service's key encryption key."""

    def __init__(self, secret: str) -> None:
        self._cipher = AESGCM(hmac.digest(secret.encode(), _DOMAIN, sha256))

    def fresh(self, learner: int) -> bytes:
        """A new key for a learner, wrapped: AES-256-GCM, the learner's number as associated data."""
        random = os.urandom(_NONCE_BYTES + _KEY_BYTES)
        nonce, key = random[:_NONCE_BYTES], random[_NONCE_BYTES:]
        return _VERSION + nonce + self._cipher.encrypt(nonce, key, _VERSION + learner.to_bytes(8))

    def salt(self, learner: int, wrapped: bytes, entry: UUID) -> bytes:
        """The salt of one entry: HMAC-SHA-256 of its id under the learner's key."""
        return hmac.digest(self.open(learner, wrapped), entry.bytes, "sha256")

    def open(self, learner: int, wrapped: bytes) -> bytes:
        """The key itself; raises InvalidTag for another learner's or an altered one."""
        nonce = wrapped[1 : 1 + _NONCE_BYTES]
        return self._cipher.decrypt(nonce, wrapped[1 + _NONCE_BYTES :], wrapped[:1] + learner.to_bytes(8))
