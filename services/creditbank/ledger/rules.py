"""Amounts, buckets, kinds of entries, operations. An amount is a whole number of hundredths of a credit."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from hashlib import sha256
from typing import Final
from uuid import UUID

#: what one item may carry: ten thousand credits
LARGEST_AMOUNT: Final = 1_000_000
#: the decimal text of an amount
AMOUNT_PATTERN: Final = r"^(10000(\.00?)?|[0-9]{1,4}(\.[0-9]{1,2})?)$"
_AMOUNT: Final = re.compile(AMOUNT_PATTERN)
_KEY_DOMAIN: Final = b"xuebu creditbank operation\n"
_COMMITMENT_DOMAIN: Final = b"xuebu creditbank entry\n"


class Bucket(IntEnum):
    """Where a posting's amount is: one of the parts of a lot, or on the institution's side.

    That is `ISSUED` for deposits, `CONVERTED_IN` for what conversions issue, `ROUNDING` for what they cannot,
    `MOVED_IN` for what came from another bank node; there it is `MOVED`, a part of the lot it left.
    """

    ISSUED = 0
    PROVISIONAL = 1
    AVAILABLE = 2
    HELD = 3
    REDEEMED = 4
    CONVERTED = 5
    EXPIRED = 6
    REVOKED = 7
    ROUNDING = 8
    CONVERTED_IN = 9
    MOVED = 10
    MOVED_IN = 11


class Kind(IntEnum):
    """What an entry records."""

    DEPOSIT = 1
    HOLD = 2
    RELEASE = 3
    LAPSE = 4
    REDEMPTION = 5
    RESCISSION = 6
    CONVERSION = 7
    CONVERSION_DEPOSIT = 8
    EXPIRY = 9
    REVOCATION = 10
    DEPARTURE = 11
    RETURN = 12
    ARRIVAL = 13
    CONVERSION_REVERSAL = 14
    CONVERSION_DEPOSIT_REVERSAL = 15


@dataclass(frozen=True, slots=True)
class Part:
    """So many hundredths of one lot, named by its number in the learner's book."""

    lot: int
    amount: int


@dataclass(frozen=True, slots=True)
class Place:
    """One entry: the n-th of a learner's book in a scheme."""

    learner: int
    scheme: int
    sequence: int


@dataclass(frozen=True, slots=True)
class Terms:
    """By which version of a rule credits are converted: target = source x numerator / denominator."""

    rule: UUID
    numerator: int
    denominator: int


@dataclass(frozen=True, slots=True)
class Operation:
    """What is to be done in one book. `target` is the number of the entry it resolves or reverses.

    `key` makes it safe to repeat; of `batch` there may be several entries, of several operations.
    """

    kind: Kind
    learner: int
    scheme: int
    key: str
    batch: UUID
    parts: Sequence[Part] = ()
    target: int | None = None
    until: datetime | None = None
    purpose: str | None = None


@dataclass(frozen=True, slots=True)
class Exchange:
    """A conversion: `operation` takes the parts, of which each becomes `issued` in the other scheme.

    spent x numerator = issued x denominator + remainder
    """

    operation: Operation
    to_scheme: int
    terms: Terms
    issued: Sequence[int]
    remainder: int

    @property
    def is_balanced(self) -> bool:
        spent = sum(part.amount for part in self.operation.parts)
        exact = spent * self.terms.numerator
        return (
            len(self.issued) == len(self.operation.parts)
            and min(self.issued, default=0) >= 0
            and self.remainder >= 0
            and exact == sum(self.issued) * self.terms.denominator + self.remainder
        )


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of an operation: posted, replayed, conflict, or refused for a reason."""

    outcome: str
    entry: UUID | None
    sequence: int | None
    reason: str | None


def hundredths(text: str) -> int:
    """The amount of a decimal text such as "1", "1.5" or "1.50"; raises ValueError for any other form."""
    if not _AMOUNT.match(text) or text[-1] == "\n":
        raise ValueError("not a decimal amount")
    whole, _, fraction = text.partition(".")
    return int(whole) * 100 + int((fraction + "00")[:2])


def credits_text(amount: int) -> str:
    """The exact decimal text of an amount: 150 is "1.50"."""
    return f"{'-' if amount < 0 else ''}{abs(amount) // 100}.{abs(amount) % 100:02}"


def commitment(salt: bytes, document: str) -> bytes:
    """What an account's chain holds of an entry: SHA-256 over domain, salt and canonical JSON (RFC 8785)."""
    return sha256(_COMMITMENT_DOMAIN + salt + document.encode()).digest()


def key_digest(key: str) -> str:
    """An operation's key, in 32 digits. It counts within one learner, apart from the keys of deposits."""
    return sha256(_KEY_DOMAIN + key.encode()).hexdigest()[:32]


def payload_digest(operation: Operation, *further: object) -> str:
    """The content of an operation, in 32 digits. Until when a hold lasts is set anew at each attempt."""
    content = (
        int(operation.kind),
        operation.scheme,
        operation.target,
        operation.purpose,
        *further,
        sorted((part.lot, part.amount) for part in operation.parts),
    )
    return sha256(repr(content).encode()).hexdigest()[:32]
