"""The life of a signing key: published, signing, retiring, retired, decided by its times alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal, TypeVar, get_args

State = Literal["published", "signing", "retiring", "retired"]
Algorithm = Literal["ES256", "RS256"]
# Access tokens are ES256, thirteen times cheaper to sign; ID tokens RS256, which every client understands
# (OpenID Connect Core, section 15.1), or ES256 where the client asks for it.
ALGORITHMS: Final[tuple[Algorithm, ...]] = get_args(Algorithm)

# Verifiers hold a key set for up to 5 minutes: a new key is known everywhere before it signs.
CACHE_SECONDS: Final = 300
LEAD: Final = timedelta(seconds=3 * CACHE_SECONDS)
# Our own processes look for keys every 2 s, and our services hear of a change within 2 s more.
LOOK_SECONDS: Final = 2.0
LEAD_AT_ONCE: Final = timedelta(seconds=10)
# Longer than any token lives, leeway included.
OVERLAP: Final = timedelta(seconds=3600 + CACHE_SECONDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyTimes:
    """When a key begins to sign, and when nobody is to believe it any more."""

    kid: str
    algorithm: str
    signs_at: datetime
    retires_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedKey(KeyTimes):
    """As KeyTimes, with the time since when verifiers can know the key."""

    published_at: datetime


Timed = TypeVar("Timed", bound=KeyTimes)


def alive(keys: Sequence[Timed], now: datetime) -> list[Timed]:
    """The keys that verify at `now`, whatever else they do."""
    return [key for key in keys if key.retires_at is None or key.retires_at > now]


def signing(keys: Sequence[Timed], algorithm: str, now: datetime) -> Timed | None:
    """The one key of an algorithm that signs at `now`: of those whose time has come, the newest."""
    ready = [key for key in alive(keys, now) if key.algorithm == algorithm and key.signs_at <= now]
    return max(ready, key=lambda key: (key.signs_at, key.kid), default=None)


def waiting(keys: Sequence[Timed], algorithm: str, now: datetime) -> Timed | None:
    """The key of an algorithm that will sign next, if one is published already."""
    later = [key for key in keys if key.algorithm == algorithm and key.retires_at is None]
    return next((key for key in later if key.signs_at > now), None)


def state(key: Timed, keys: Sequence[Timed], now: datetime) -> State:
    """The state of one key among all."""
    if key.retires_at is not None and key.retires_at <= now:
        return "retired"
    if key.signs_at > now:
        return "published"
    return "signing" if signing(keys, key.algorithm, now) == key else "retiring"


def next_change(keys: Sequence[Timed], now: datetime) -> datetime | None:
    """The next moment after `now` at which a state changes by itself."""
    moments = [moment for key in keys for moment in (key.signs_at, key.retires_at) if moment is not None]
    return min((moment for moment in moments if moment > now), default=None)
