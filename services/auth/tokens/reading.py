"""Reading one's own access tokens, whichever service they are addressed to."""

import time
from collections.abc import Collection

from libs.common.tokens import Claims, InvalidToken, TokenVerifier
from services.auth.keys.service import KeyRing


class Reader:
    """Knows the access tokens of one issuer; those read before are remembered until they expire."""

    def __init__(self, ring: KeyRing, *, issuer: str, audiences: Collection[str]) -> None:
        self._ring = ring
        self._verifier = TokenVerifier(issuer=issuer, audience=frozenset(audiences))

    def read(self, token: str) -> Claims | None:
        """The claims of an access token of ours that lives; whether it was revoked is another question."""
        if self._verifier.keys is not self._ring.table:
            self._verifier.replace_keys(self._ring.table)
        try:
            return self._verifier.verify(token, time.time())
        except InvalidToken:
            return None
