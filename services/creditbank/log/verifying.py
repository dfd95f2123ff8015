"""Proves an export on any machine: every signature, tree, chain and balance, from its files alone.

Needs no database and none of the service's settings. It ends at the first row that does not hold.
"""

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from services.creditbank.ledger.rules import commitment, credits_text
from services.creditbank.log.merkle import leaf_hash
from services.creditbank.log.notes import NoteBroken, Verifier, open_checkpoint, read_verifier
from services.creditbank.log.rules import AUDITED_AFTER_S
from services.creditbank.log.store import LogFiles, TileMissing
from services.creditbank.log.tiles import HASH_BYTES, WIDTH, Edge, Tile, hashes_of, tiles_of, width_at

FORMAT: Final = "xuebu creditbank export 1"
SUCCESSION: Final = b"xuebu creditbank log succession\n"
_AMOUNT: Final = re.compile(r"-?(0|[1-9][0-9]*)\.[0-9]{2}")
_RESOLVING: Final = frozenset({"release", "lapse", "redemption", "conversion"})
_ENDS_A_HOLD: Final = frozenset({"release", "lapse"})
#: by kind of entry what it takes back
_REVERSED: Final = {
    "rescission": {"redemption"},
    "revocation": {"deposit", "arrival"},
    "return": {"departure"},
    "conversion_reversal": {"conversion"},
    "conversion_deposit_reversal": {"conversion_deposit"},
}
_PROGRESS_EVERY: Final = 100_000
_CACHED_TILES: Final = 8_192

Tell = Callable[[str], None]


class Broken(Exception):
    """The first row that does not hold, and why."""


class Log:
    """One log of the export; remembers which leaves an entry was found for."""

    def __init__(self, folder: Path, name: str, trusted: Sequence[Verifier]) -> None:
        self.name = name
        self.files = LogFiles(folder, name)
        own = [read_verifier(line) for line in (folder / name / "keys").read_text().splitlines()]
        origin = own[0].name
        self.is_trusted = any(key.name == origin for key in trusted)
        self.note = self.files.checkpoint() or ""
        keys = [key for key in trusted if key.name == origin] if self.is_trusted else own
        try:
            self.size = open_checkpoint(self.note, keys, origin).size
            self._root = open_checkpoint(self.note, keys, origin).root
        except NoteBroken as error:
            raise Broken(f"log {name}: its checkpoint does not hold: {error}") from None
        self._seen = bytearray(self.size)
        self._tile = lru_cache(_CACHED_TILES)(self._leaf_tile)

    def check_tree(self, tell: Tell) -> None:
        """Every tile follows from the leaves, and the root from the tiles."""
        edge = Edge()
        for leaves in tiles_of(self.size):
            if leaves.level:
                break
            for tile, data in edge.append(hashes_of(self._read(leaves))):
                self._compare(tile, data)
            if leaves.number % (_PROGRESS_EVERY // WIDTH) == 0 and leaves.number:
                tell(f"     {edge.size} of {self.size} leaves")
        for tile, data in edge.partial():
            self._compare(tile, data)
        if edge.root() != self._root:
            raise Broken(f"log {self.name}: the tiles do not make the root of its checkpoint")

    def claim(self, leaf: int, data: bytes, where: str) -> None:
        """The leaf is made of `data`, and nothing else claimed it."""
        if not isinstance(leaf, int) or not 0 <= leaf < self.size:
            raise Broken(f"{where}: log {self.name} has no leaf {leaf}")
        at = leaf % WIDTH * HASH_BYTES
        if self._tile(leaf // WIDTH)[at : at + HASH_BYTES] != leaf_hash(data):
            raise Broken(f"{where}: leaf {leaf} of log {self.name} is another")
        if self._seen[leaf]:
            raise Broken(f"{where}: leaf {leaf} of log {self.name} belongs to another entry")
        self._seen[leaf] = 1

    def check_claimed(self) -> None:
        """Every leaf belongs to an entry."""
        alone = self._seen.find(0)
        if alone >= 0:
            raise Broken(f"log {self.name}: leaf {alone} belongs to no entry")

    def _leaf_tile(self, number: int) -> bytes:
        return self._read(Tile(0, number, width_at(0, number, self.size)))

    def _read(self, tile: Tile) -> bytes:
        try:
            return self.files.read(tile)
        except TileMissing:
            raise Broken(f"log {self.name}: {tile.path} is missing or cut") from None

    def _compare(self, tile: Tile, data: bytes) -> None:
        if self._read(tile) != data:
            raise Broken(f"log {self.name}: {tile.path} does not follow from the leaves")


class Books:
    """Sums that are made again while the entries go by."""

    def __init__(self) -> None:
        self.trial: dict[str, int] = defaultdict(int)
        self.institutions: dict[tuple[str, str], int] = defaultdict(int)
        self.unsealed = self.erased = self.entries = 0

    def apply(self, document: dict[str, Any], lots: dict[int, dict[str, int]], where: str) -> None:
        """Post an entry: it sums to nothing, and leaves no part of a lot negative."""
        total, touched = 0, set()
        for text, bucket, place in document["postings"]:
            amount = _amount(text, where)
            total += amount
            self.trial[document["scheme"]] += amount
            if isinstance(place, int):
                lots[place][bucket] += amount
                touched.add(place)
            else:
                self.institutions[place, document["scheme"]] += amount
        if total or not document["postings"]:
            raise Broken(f"{where}: the postings do not sum to zero")
        if any(part < 0 for lot in touched for part in lots[lot].values()):
            raise Broken(f"{where}: a part of a lot is negative")


class Ends:
    """Which entries of one book ended a hold or took back an entry: each at most once, of the right kind."""

    def __init__(self) -> None:
        self._kinds: dict[int, str] = {}
        self._resolved: set[int] = set()
        self._reversed: set[int] = set()

    def check(self, document: dict[str, Any], where: str) -> None:
        """The next entry of the book."""
        kind = document["kind"]
        self._end(document.get("resolves"), self._resolved, {"hold"}, kind in _RESOLVING, where)
        if kind in _ENDS_A_HOLD and "resolves" not in document:
            raise Broken(f"{where}: a {kind} that ends no hold")
        reverses = _REVERSED.get(kind, set())
        self._end(document.get("reverses"), self._reversed, reverses, bool(reverses), where)
        if reverses and "reverses" not in document:
            raise Broken(f"{where}: a {kind} that takes nothing back")
        self._kinds[document["sequence"]] = kind

    def _end(self, entry: int | None, ended: set[int], kinds: set[str], may: bool, where: str) -> None:
        if entry is None:
            return
        if not may or self._kinds.get(entry) not in kinds or entry in ended:
            raise Broken(f"{where}: it ends entry {entry}, which it cannot, or which was ended before")
        ended.add(entry)


def verify(directory: Path, trusted: Sequence[Verifier], tell: Tell) -> None:
    """Proves the export or raises Broken. Without `trusted` keys those of the export itself are believed."""
    manifest = json.loads((directory / "export.json").read_text(encoding="utf-8"))
    if manifest.get("format") != FORMAT:
        raise Broken("export.json: not an export of this form")
    logs = {name: Log(directory / "log", name, trusted) for name in manifest["logs"]}
    succeeded: Log | None = None
    for log in logs.values():
        log.check_tree(tell)
        if succeeded is not None:
            log.claim(0, sha256(SUCCESSION + succeeded.note.encode()).digest(), f"log {log.name}")
        succeeded = log
        by = "a key given" if log.is_trusted else "its own key: give a key of yours to trust it"
        tell(f"log {log.name}: {log.size} leaves follow from their tiles and are signed by {by}")
    books = Books()
    made_at = datetime.fromisoformat(manifest["made_at"])
    entries = groupby(_rows(directory / "entries.jsonl"), lambda row: (row[1]["learner"], row[1]["scheme"]))
    for where, account in _rows(directory / "accounts.jsonl"):
        _check_account(where, account, entries, logs, books, made_at)
        if books.entries // _PROGRESS_EVERY > (books.entries - account["sequence"]) // _PROGRESS_EVERY:
            tell(f"     {books.entries} of {manifest['entries']} entries")
    for _, rows in entries:
        raise Broken(f"{next(rows)[0]}: an entry without an account")
    if books.entries != manifest["entries"]:
        raise Broken(f"entries.jsonl: {books.entries} entries in place of {manifest['entries']}")
    for log in logs.values():
        log.check_claimed()
    _check_totals(directory, books)
    tell(
        f"{books.entries} entries follow from one another and from their leaves; {books.erased} of them are "
        f"erased and cannot be opened, {books.unsealed} are too new to have a leaf"
    )
    tell("every balance, lot and total is the sum of its postings; the trial balance is zero")


def _check_account(
    where: str,
    account: dict[str, Any],
    entries: Iterator[tuple[Any, Iterable[tuple[str, dict[str, Any]]]]],
    logs: dict[str, Log],
    books: Books,
    made_at: datetime,
) -> None:
    """One book: its chain from the first entry to the head, and its balance."""
    lots: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    ends = Ends()
    head, sequence = None, 0
    if account["sequence"]:
        identity, rows = next(entries, (None, ()))
        if identity != (account["learner"], account["scheme"]):
            raise Broken(f"{where}: its entries are missing")
        for at, row in rows:
            sequence += 1
            place = f"{at} (learner {row['learner']}, scheme {row['scheme']}, sequence {row['sequence']})"
            document = _check_entry(place, row, sequence, head, books)
            _check_leaf(place, row, document, logs, books, made_at)
            books.apply(document, lots, place)
            ends.check(document, place)
            head = row["commitment"]
    books.entries += sequence
    if (sequence, head) != (account["sequence"], account["head"]):
        raise Broken(f"{where}: the chain ends at entry {sequence} with another head")
    sums: dict[str, int] = defaultdict(int)
    for lot in lots.values():
        for bucket, amount in lot.items():
            sums[bucket] += amount
    for bucket in sums.keys() | account["parts"].keys():
        if account["parts"].get(bucket, "0.00") != credits_text(sums[bucket]):
            raise Broken(f"{where}: {bucket} is not the sum of the postings, {credits_text(sums[bucket])}")


def _check_entry(
    place: str, row: dict[str, Any], sequence: int, head: str | None, books: Books
) -> dict[str, Any]:
    """The entry is the next of its book, says so itself, and is what was committed to."""
    document: dict[str, Any] = json.loads(row["document"])
    if json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False) != row["document"]:
        raise Broken(f"{place}: the document is not canonical")
    stated = (document["learner"], document["scheme"], document["sequence"], document["prev"])
    if stated != (row["learner"], row["scheme"], row["sequence"], head) or row["sequence"] != sequence:
        raise Broken(f"{place}: it does not follow the entry before")
    if row["salt"] is None:
        books.erased += 1
    elif commitment(bytes.fromhex(row["salt"]), row["document"]).hex() != row["commitment"]:
        raise Broken(f"{place}: the commitment is not that of the document")
    return document


def _check_leaf(
    place: str,
    row: dict[str, Any],
    document: dict[str, Any],
    logs: dict[str, Log],
    books: Books,
    made_at: datetime,
) -> None:
    if row["log"] is not None:
        if row["log"] not in logs:
            raise Broken(f"{place}: there is no log {row['log']}")
        logs[row["log"]].claim(row["leaf"], bytes.fromhex(row["commitment"]), place)
        return
    books.unsealed += 1
    recorded = datetime.fromisoformat(document["recorded_at"])
    if logs and recorded < made_at - timedelta(seconds=AUDITED_AFTER_S):
        raise Broken(f"{place}: it has no leaf")


def _check_totals(directory: Path, books: Books) -> None:
    for scheme, amount in books.trial.items():
        if amount:
            raise Broken(f"scheme {scheme}: the trial balance is {credits_text(amount)}")
    stated = {
        (row["institution"], row["scheme"]): _amount(row["amount"], where)
        for where, row in _rows(directory / "institutions.jsonl")
    }
    for key in stated.keys() | books.institutions.keys():
        if stated.get(key, 0) != books.institutions.get(key, 0):
            raise Broken(f"institution {key[0]}, scheme {key[1]}: not the sum of its postings")


def _rows(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each line of a file with its place."""
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, start=1):
            yield f"{path.name} line {number}", json.loads(line)


def _amount(text: str, where: str) -> int:
    if not _AMOUNT.fullmatch(text):
        raise Broken(f"{where}: {text!r} is not an amount")
    return int(text.replace(".", ""))
