"""Hashes that are checked in place of those of accounts that do not exist.

Hashes that came from other systems take longer or shorter than ours, until their people first sign in. If
only accounts that exist could be slow, a slow refusal would tell that one does. So of the names that nobody
has as many are slow as of the names that somebody has, always the same ones.
"""

import hashlib
from bisect import bisect_right
from collections.abc import Mapping
from itertools import accumulate
from typing import Final

from services.auth.passwords.hashing import is_acceptable, work_of

_BCRYPT: Final = "." * 53
_BCRYPT_SHA256: Final = "." * 22 + "$" + "." * 31
_OTHERS: Final = "c29tZXNhbHRzb21lc2FsdA$" + "A" * 43
_WHOLE: Final = 2**64


def stand_in(beginning: str) -> str | None:
    """A hash of nobody's password that begins so and costs as much; None for a kind that is never run."""
    if beginning.startswith("$2"):
        made = beginning + _BCRYPT
    elif beginning.startswith("$bcrypt-sha256$"):
        made = beginning + _BCRYPT_SHA256
    else:
        made = beginning + _OTHERS
    return made if is_acceptable(made) else None


class StandIns:
    """Chooses by the name, under a secret, so that nobody can tell beforehand which names are slow."""

    def __init__(self, secret: str) -> None:
        self._key = hashlib.sha256(b"stand-ins:" + secret.encode()).digest()
        self._hashes: list[str] = []
        self._bounds: list[int] = []

    def learn(self, counts: Mapping[str, int]) -> None:
        """How many accounts have hashes that begin so (up to the salt).

        The costliest kinds come first: while they become fewer, names only ever become faster, as the
        accounts of people do who sign in.
        """
        known = {made: count for kind, count in counts.items() if (made := stand_in(kind)) is not None}
        total = sum(known.values())
        self._hashes = sorted(known, key=work_of, reverse=True)
        sums = accumulate(known[one] for one in self._hashes)
        self._bounds = [_WHOLE * so_far // total for so_far in sums]

    def of(self, name: str) -> str | None:
        """The hash to check for a name that has none; None for one of our own kind."""
        if not self._hashes:
            return None
        digest = hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8, key=self._key).digest()
        return self._hashes[min(bisect_right(self._bounds, int.from_bytes(digest)), len(self._hashes) - 1)]
