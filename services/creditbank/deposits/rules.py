"""A call to post credits, its items, and how an item is recognised when it comes again."""

from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Final, NamedTuple
from uuid import UUID

#: items in one call
MOST_ITEMS: Final = 1_000
_EASTERNMOST: Final = timedelta(hours=14)
_EARLIEST: Final = date(1900, 1, 1)


class Item(NamedTuple):
    """Credits of one learner for one course. Learner and course are each named in one of two ways."""

    key: str
    learner_id: UUID | None
    learner_sourced_id: str | None
    course_id: UUID | None
    course_sourced_id: str | None
    attempt: str | None
    amount: int
    grade: str | None
    earned_on: date


class Call(NamedTuple):
    """What a client of `organisation` posts for `institution`, which is it or below it."""

    id: UUID
    organisation: UUID
    institution: UUID
    client: str
    scheme: str
    items: list[Item]


class Answer(NamedTuple):
    """What became of an item: posted, replayed, conflict, or refused for a reason.

    `entry` is the entry made now or by the earlier call, or the one that stands in the way; `home` the bank
    node that keeps the books of a learner who moved away.
    """

    outcome: str
    entry: UUID | None
    reason: str | None
    home: str | None = None


class Answers(NamedTuple):
    """What became of a call: its items' answers in their order, and the batch that holds its entries.

    A call that only repeats an earlier one makes nothing new: it names the batch of its first entry.
    `learners` are the numbers of those the items are about, None where nobody was found.
    """

    batch: UUID
    items: list[Answer]
    learners: list[int | None]


class Refused(NamedTuple):
    """The whole call was refused."""

    reason: str


def key_digest(institution: UUID, key: str) -> str:
    """An item's key within its institution, as 16 bytes in hexadecimal digits."""
    return sha256(institution.bytes + key.encode()).hexdigest()[:32]


def payload_digest(scheme: str, item: Item) -> str:
    """The content of an item as it was sent, in 32 digits: another way to name the same is other content."""
    content = "\x1f".join(
        (
            scheme,
            item.learner_id.hex if item.learner_id else f"\x1e{item.learner_sourced_id}",
            item.course_id.hex if item.course_id else f"\x1e{item.course_sourced_id}",
            "\x1e" if item.attempt is None else item.attempt,
            str(item.amount),
            "\x1e" if item.grade is None else item.grade,
            str(item.earned_on),
        )
    )
    return sha256(content.encode()).hexdigest()[:32]


def refused_by_books(answer: str, entry: UUID | None, reason: str | None) -> Answer:
    """An answer of the books; their reason names the home of who moved away."""
    told, _, home = (reason or "").partition(" ")
    return Answer(answer, entry, told or None, home or None)


def refusal_before_look_up(item: Item, now: datetime) -> str | None:
    """Why an item cannot be posted whoever it concerns. Nobody earns credits tomorrow, wherever they are."""
    if item.earned_on > (now + _EASTERNMOST).date():
        return "earned_in_future"
    return "earned_too_early" if item.earned_on < _EARLIEST else None
