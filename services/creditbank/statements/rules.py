"""What of a book is looked at."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, NamedTuple
from uuid import UUID

#: parts of a lot by their buckets
BUCKETS: Final = {
    "provisional": 1,
    "available": 2,
    "held": 3,
    "redeemed": 4,
    "converted": 5,
    "expired": 6,
    "revoked": 7,
    "moved": 10,
}
PARTS: Final = tuple(BUCKETS)


class Place(NamedTuple):
    """Where in a statement an entry stands: when it came, its number in its book, its id."""

    placed: datetime
    sequence: int
    id: UUID


@dataclass(frozen=True, slots=True)
class View:
    """As of when: what was known by a time, and of that what was in force on a day (all, if None).

    Entries from `since` until before `until` are shown, in the order of their recording, or of their days.
    """

    scheme: str
    known_by: datetime
    in_force_by: date | None
    by_day: bool
    since: datetime | None = None
    until: datetime | None = None
