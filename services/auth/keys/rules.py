"""The life of a signing key: published, signing, retiring, retired, decided by its times alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal, TypeVar

State = Literal["published", "signing", "retiring", "retired"]

# Verifiers hold a key set for up to 5 minutes, our own processes look every 30 s: a new key is known
# everywhere before it signs.
CACHE_SECONDS: Final = 300
LEAD: Final = timedelta(seconds=3 * CACHE_SECONDS)
# Longer than any token lives, leeway included.
OVERLAP: Final = timedelta(seconds=3600 + CACHE_SECONDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyTimes:
    """When a key begins to sign, and when nobody is to believe it any more."""

    kid: str
    signs_at: datetime
    retires_at: datetime | None


Timed = TypeVar("Timed", bound=KeyTimes)


def alive(keys: Sequence[Timed], now: datetime) -> list[Timed]:
    """The keys that verify at `now`, whatever else they do."""
    return [key for key in keys if key.retires_at is None or key.retires_at > now]


def signing(keys: Sequence[Timed], now: datetime) -> Timed | None:
    """The one key that signs at `now`: of those whose time has come, the newest."""
    ready = [key for key in alive(keys, now) if key.signs_at <= now]
    return max(ready, key=lambda key: (key.signs_at, key.kid), default=None)


def state(key: Timed, keys: Sequence[Timed], now: datetime) -> State:
    """The state of one key among all."""
    if key.retires_at is not None and key.retires_at <= now:
        return "retired"
    if key.signs_at > now:
        return "published"
    return "signing" if signing(keys, now) == key else "retiring"


def next_change(keys: Sequence[Timed], now: datetime) -> datetime | None:
    """The next moment after `now` at which a state changes by itself."""
    moments = [moment for key in keys for moment in (key.signs_at, key.retires_at) if moment is not None]
    return min((moment for moment in moments if moment > now), default=None)
