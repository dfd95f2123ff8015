"""What of a record is asked for, where a page of it ends, and what lines of it are called."""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

from libs.common.languages import Text

Kind = Literal["statement", "credit"]
#: how many lines are looked at for one page where not all of them are wanted
LOOKED_AT: Final = 500

#: what entries of the books are called in a record
CREDITS: Final = {
    "deposit": Text("Credits earned", "获得学分"),
    "hold": Text("Credits set aside", "占用学分"),
    "release": Text("Credits released", "释放学分"),
    "lapse": Text("Credits no longer set aside", "占用到期释放学分"),
    "redemption": Text("Credits redeemed", "兑换学分"),
    "rescission": Text("Redemption taken back", "撤回兑换"),
    "conversion": Text("Credits converted", "转换学分"),
    "conversion_deposit": Text("Credits from a conversion", "转换所得学分"),
    "expiry": Text("Credits expired", "学分过期"),
    "revocation": Text("Credits revoked", "撤销学分"),
    "departure": Text("Credits moved to another bank", "学分迁出"),
    "return": Text("Credits came back", "学分退回"),
    "arrival": Text("Credits arrived from another bank", "学分迁入"),
    "conversion_reversal": Text("Conversion taken back", "撤回转换"),
    "conversion_deposit_reversal": Text("Credits of a conversion taken back", "撤回转换所得学分"),
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which lines; None where anything is wanted. `since` and `until` are when things happened."""

    kind: Kind | None = None
    verb: str | None = None
    activity: str | None = None
    organisation: UUID | None = None
    text: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    @property
    def is_picky(self) -> bool:
        """Whether lines have to be looked at to know if they are wanted."""
        return any((self.verb, self.activity, self.organisation, self.text))


@dataclass(slots=True)
class Place:
    """Where a page ended: at which statement, and at which entry of each book (learner, scheme).

    `happened` is None before the first statement.
    """

    happened: datetime | None = None
    position: int = -1
    entries: dict[tuple[int, int], int] = field(default_factory=dict)

    @property
    def books(self) -> str:
        """The entries as one text for a cursor."""
        return " ".join(f"{learner}.{scheme}.{entry}" for (learner, scheme), entry in self.entries.items())


def read_books(text: str) -> dict[tuple[int, int], int]:
    """The entries of a cursor's text; raises ValueError for what no page ended with."""
    found = {}
    for one in text.split():
        learner, scheme, entry = (int(number) for number in one.split("."))
        if not (0 <= learner < 2**63 and 0 <= scheme < 2**15 and 0 <= entry < 2**31):
            raise ValueError("out of range")
        found[learner, scheme] = entry
    return found


def plain(text: str) -> str:
    """A text as it is compared: without differences of width, form and case."""
    return unicodedata.normalize("NFKC", text).casefold()


def has_text(sought: str, texts: Iterable[str]) -> bool:
    """Whether every word that is sought is in one of the texts; `sought` is plain already."""
    whole = plain("\n".join(texts))
    return all(word in whole for word in sought.split())
