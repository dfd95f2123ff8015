"""What proves to a target who sends, at rest only encrypted, each bound to its subscription."""

import hmac
import os
from hashlib import sha256
from typing import Final
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_DOMAIN: Final = b"xuebu creditbank xapi subscriptions 1"
_NONCE_BYTES: Final = 12


class Seals:
    """Seals and opens under the service's key encryption key: AES-256-GCM, the subscription's id beside."""

    def __init__(self, secret: str) -> None:
        self._cipher = AESGCM(hmac.digest(secret.encode(), _DOMAIN, sha256))

    def seal(self, subscription: UUID, plain: bytes) -> bytes:
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, plain, subscription.bytes)

    def open(self, subscription: UUID, sealed: bytes) -> bytes:
        """What was sealed; raises InvalidTag for another subscription's, or an altered one."""
        return self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], subscription.bytes)
