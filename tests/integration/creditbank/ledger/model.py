"""What operations on credits mean, in a page of Python: what the random histories are held against."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

Lots = dict[int, Counter[str]]  # of each lot the parts
Book = tuple[int, int]  # learner and scheme


class Refusal(Exception):
    """Why an operation is refused."""

    @property
    def reason(self) -> str:
        return str(self.args[0])


@dataclass
class Reference:
    """The books of some learners. What is refused changes nothing and takes no key."""

    books: dict[Book, Lots] = field(default_factory=lambda: defaultdict(dict))
    length: dict[Book, int] = field(default_factory=lambda: defaultdict(int))
    keys: dict[tuple[int, str], tuple[Any, int]] = field(default_factory=dict)
    holds: dict[tuple[Book, int], Counter[int]] = field(default_factory=dict)
    ended: set[tuple[Book, int]] = field(default_factory=set)
    deposits: dict[tuple[Book, int], int] = field(default_factory=dict)
    redeemed: dict[tuple[Book, int], Counter[int]] = field(default_factory=dict)
    #: by the entry that took them the lot and amount, and the lot they became
    conversions: dict[tuple[Book, int], tuple[int, int, Book, int]] = field(default_factory=dict)
    reversed: set[tuple[Book, int]] = field(default_factory=set)
    frozen: set[int] = field(default_factory=set)

    def once(self, book: Book, key: str, content: Any, work: Any) -> int:
        """The entry's number: of the first time when the key came before with the same content."""
        if (book[0], key) in self.keys:
            known, entry = self.keys[book[0], key]
            if known != (book, content):
                raise Refusal("conflict")
            return entry
        work()
        self.length[book] += 1
        self.keys[book[0], key] = ((book, content), self.length[book])
        return self.length[book]

    def deposit(self, book: Book, amount: int) -> int:
        self.length[book] += 1
        self.books[book][self.length[book]] = Counter(available=amount)
        self.deposits[book, self.length[book]] = amount
        return self.length[book]

    def _spend(self, book: Book, parts: list[tuple[int, int]], source: str, into: str) -> None:
        if book[0] in self.frozen:
            raise Refusal("account_frozen")
        for lot, amount in parts:
            have = self.books[book].get(lot)
            if have is None or amount <= 0 or have[source] < amount:
                raise Refusal("unavailable")
        self._move(book, parts, source, into)

    def _move(self, book: Book, parts: Any, source: str, into: str) -> None:
        for lot, amount in parts:
            self.books[book][lot][source] -= amount
            self.books[book][lot][into] += amount

    def hold(self, book: Book, key: str, parts: list[tuple[int, int]]) -> int:
        entry = self.once(book, key, ("hold", parts), lambda: self._spend(book, parts, "available", "held"))
        self.holds.setdefault((book, entry), Counter(dict(parts)))
        return entry

    def redeem(self, book: Book, key: str, parts: list[tuple[int, int]]) -> int:
        entry = self.once(
            book, key, ("redeem", parts), lambda: self._spend(book, parts, "available", "redeemed")
        )
        self.redeemed.setdefault((book, entry), Counter(dict(parts)))
        return entry

    def end(self, book: Book, key: str, hold: int, parts: list[tuple[int, int]], into: str) -> int:
        """Release (no parts), or capture of some of what is held; the rest comes back."""

        def work() -> None:
            held = self.holds[book, hold]
            if parts and book[0] in self.frozen:
                raise Refusal("account_frozen")
            if (book, hold) in self.ended:
                raise Refusal("hold_resolved")
            if any(amount > held[lot] for lot, amount in parts):
                raise Refusal("hold_exceeded")
            self._move(book, parts, "held", into)
            self._move(book, (held - Counter(dict(parts))).items(), "held", "available")
            self.ended.add((book, hold))

        entry = self.once(book, key, ("end", hold, parts, into), work)
        if into == "redeemed" and parts:
            self.redeemed.setdefault((book, entry), Counter(dict(parts)))
        return entry

    def reverse(self, book: Book, key: str, kind: str, entry: int) -> int:
        def work() -> None:
            if (book, entry) not in (self.redeemed if kind == "rescind" else self.deposits):
                raise Refusal("entry_unknown")
            if (book, entry) in self.reversed:
                raise Refusal("entry_reversed")
            if kind == "rescind":
                self._move(book, self.redeemed[book, entry].items(), "redeemed", "available")
            else:
                lot = self.books[book][entry]
                if lot["available"] != self.deposits[book, entry]:
                    raise Refusal("credits_in_use")
                self._move(book, [(entry, lot["available"])], "available", "revoked")
            self.reversed.add((book, entry))

        return self.once(book, key, (kind, entry), work)

    def convert(self, book: Book, to: int, key: str, lot: int, amount: int) -> int:
        """Two for three, of one lot, in whole hundredths."""
        if amount * 2 // 3 == 0:
            raise Refusal("unbalanced")

        def work() -> None:
            self._spend(book, [(lot, amount)], "available", "converted")
            target = (book[0], to)
            self.length[target] += 1
            self.books[target][self.length[target]] = Counter(available=amount * 2 // 3)
            made = self.length[target]
            self.conversions[book, self.length[book] + 1] = (lot, amount, target, made)

        return self.once(book, key, ("convert", to, lot, amount), work)

    def reconvert(self, book: Book, key: str, entry: int) -> int:
        """A conversion is taken back, unless something is done with the lot it made."""

        def work() -> None:
            if (book, entry) not in self.conversions:
                raise Refusal("entry_unknown")
            lot, amount, target, made = self.conversions[book, entry]
            if (book, entry) in self.reversed:
                raise Refusal("entry_reversed")
            if self.books[target][made]["available"] != amount * 2 // 3:
                raise Refusal("credits_in_use")
            self._move(target, [(made, amount * 2 // 3)], "available", "revoked")
            self.length[target] += 1
            self._move(book, [(lot, amount)], "converted", "available")
            self.reversed.add((book, entry))

        return self.once(book, key, ("reconvert", entry), work)
