"""Amounts, buckets and kinds of entries. An amount is a whole number of hundredths of a credit."""

import re
from enum import IntEnum
from hashlib import sha256
from typing import Final

#: what one item may carry: ten thousand credits
LARGEST_AMOUNT: Final = 1_000_000
#: the decimal text of an amount
AMOUNT_PATTERN: Final = r"^(10000(\.00?)?|[0-9]{1,4}(\.[0-9]{1,2})?)$"
_AMOUNT: Final = re.compile(AMOUNT_PATTERN)
_COMMITMENT_DOMAIN: Final = b"xuebu creditbank entry\n"


class Bucket(IntEnum):
    """Where a posting's amount is. `ISSUED` is the institution's side, the others are parts of a lot."""

    ISSUED = 0
    PROVISIONAL = 1
    AVAILABLE = 2
    HELD = 3
    REDEEMED = 4
    CONVERTED = 5
    EXPIRED = 6
    REVOKED = 7


class Kind(IntEnum):
    """What an entry records."""

    DEPOSIT = 1


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
