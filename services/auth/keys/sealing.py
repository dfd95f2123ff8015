"""Secrets at rest, private keys first: AES-256-GCM under a key derived from the setting, bound to an id."""

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_NONCE_BYTES = 12


class SealBroken(Exception):
    """A stored private key does not open: another key encryption key, or altered data."""


class Seal:
    """Seals and opens private keys with one key encryption key."""

    def __init__(self, key_encryption_key: str) -> None:
        derived = HKDF(SHA256(), length=32, salt=None, info=b"xuebu signing keys at rest")
        self._cipher = AESGCM(derived.derive(key_encryption_key.encode()))

    def close(self, kid: str, private_key: bytes) -> bytes:
        """The sealed form: a random nonce and the cipher text; opens only under the same kid."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, private_key, kid.encode())

    def open(self, kid: str, sealed: bytes) -> bytes:
        """The private key; raises SealBroken."""
        try:
            return self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], kid.encode())
        except InvalidTag:
            raise SealBroken(kid) from None
