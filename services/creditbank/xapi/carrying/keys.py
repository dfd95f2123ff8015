"""The key that signs records learners carry away: made of the key encryption key, and stored nowhere."""

import hmac
from hashlib import sha256
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from services.creditbank.log.notes import Signer
from services.creditbank.settings import CreditbankSettings
from services.creditbank.xapi.carrying.rules import key_name

_DOMAIN: Final = b"xuebu creditbank record key 1"


def signer(settings: CreditbankSettings) -> Signer:
    """The same in every process, as long as address and key encryption key are; of use for nothing else."""
    secret = settings.key_encryption_key.get_secret_value().encode()
    seed = hmac.digest(secret, _DOMAIN, sha256)
    return Signer(key_name(settings.public_address), Ed25519PrivateKey.from_private_bytes(seed))
