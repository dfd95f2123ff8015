"""Checks of single values. A check gives the value as it is staged, or raises `Rejected`.

Checks run millions of times in an import, so each has a fast way for the common value.
"""

import csv
import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date, datetime

from services.auth.accounts.rules import MAX_USERNAME, canonical
from services.auth.passwords.service import imported
from services.auth.rosters.rules import LIST_SEPARATOR

Check = Callable[[str], str]

TRUE, FALSE = "t", "f"
CACHED = 50_000
MEMBERS = 200


class Rejected(Exception):
    """A value that gives rise to a finding; ``instead`` is what is staged in its place."""

    def __init__(self, code: str, instead: str = "", **values: str | int) -> None:
        super().__init__(code)
        self.code = code
        self.instead = instead
        self.values = values


_FOREIGN = re.compile("[\ud800-\udfff]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_CONTROL_BUT_BREAKS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def _tidied(value: str, limit: int) -> str:
    """Strip white space, refuse NUL and bytes that were not UTF-8, replace control characters."""
    if "\x00" in value:
        raise Rejected("nul")
    if _FOREIGN.search(value):
        raise Rejected("encoding_value")
    value = unicodedata.normalize("NFC", value.strip().strip("\ufeff").strip())
    if len(value) > limit:
        raise Rejected("too_long", limit=limit)
    if _CONTROL.search(value) is None:
        return value
    # A line break within quotes is how spreadsheets write long titles: allowed, joined to one line.
    clean = " ".join(_CONTROL.sub(" ", value).split())
    if _CONTROL_BUT_BREAKS.search(value):
        raise Rejected("control_character", instead=clean)
    return clean


def text(limit: int) -> Check:
    """Text of at most so many characters, in NFC, on one line, without white space around it."""
    is_normalised = unicodedata.is_normalized

    def check(value: str) -> str:
        if (
            value.isprintable()
            and len(value) <= limit
            and value[0] != " " != value[-1]
            and (value.isascii() or is_normalised("NFC", value))
        ):
            return value
        return _tidied(value, limit)

    return check


def unread(_value: str) -> str:
    """Nothing: what stands here is nobody's business, so it is neither checked nor shown."""
    return ""


def token(allowed: Mapping[str, str], extension: str | None, *, ignored: str | None = None) -> Check:
    """A word of a vocabulary, found without regard to case, staged as its meaning.

    An unknown ``ext:`` value is taken as ``extension``; when that is None the row is staged without it.
    A known word without a meaning ("") raises the finding ``ignored``.
    """
    told = ", ".join(sorted(allowed))

    def meaning(value: str) -> str:
        word = _tidied(value, 255).lower()
        found = allowed.get(word.removeprefix("ext:"))
        if found is not None:
            if not found and ignored:
                raise Rejected(ignored)
            return found
        if word.startswith("ext:") and re.fullmatch(r"ext:[a-z0-9._-]+", word):
            if extension is None:
                raise Rejected("extension_ignored")
            raise Rejected("extension", instead=extension, taken=extension)
        raise Rejected("not_allowed", allowed=told)

    return _cached(meaning)


def word_of(allowed: Mapping[str, str]) -> Check:
    """A word of a closed vocabulary, found without regard to case."""
    told = ", ".join(sorted(allowed))

    def meaning(value: str) -> str:
        found = allowed.get(value.strip().lower())
        if found is None:
            raise Rejected("not_known", allowed=told)
        return found

    return _cached(meaning)


def _cached(check: Check) -> Check:
    known: dict[str, str] = {}

    def cached(value: str) -> str:
        found = known.get(value)
        if found is None:
            found = check(value)
            if len(known) < CACHED:
                known[value] = found
        return found

    return cached


def _day(value: str) -> str:
    tidy = value.strip()
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", tidy, re.ASCII):
        raise Rejected("date")
    try:
        day = date.fromisoformat(tidy)
    except ValueError:
        raise Rejected("date") from None
    if not 1800 <= day.year <= 2999:
        raise Rejected("date")
    return tidy


def _moment(value: str) -> str:
    try:
        datetime.fromisoformat(value.strip())
    except ValueError:
        raise Rejected("date_time") from None
    return ""


def _truth(value: str) -> str:
    found = {"true": TRUE, "false": FALSE, "1": TRUE, "0": FALSE, "yes": TRUE, "no": FALSE}.get(
        value.strip().lower()
    )
    if found is None:
        raise Rejected("boolean")
    return found


def _school_year(value: str) -> str:
    tidy = value.strip()
    if not re.fullmatch(r"[12]\d{3}", tidy, re.ASCII):
        raise Rejected("year", instead=tidy[:20] if tidy.isprintable() else "")
    return tidy


def _status(value: str, *, bulk: bool) -> str:
    found = {"active": FALSE, "tobedeleted": TRUE, "inactive": TRUE}.get(value.strip().lower())
    if found is None:
        raise Rejected("not_known", allowed="active, tobedeleted")
    if bulk:
        raise Rejected("status_in_bulk", instead=found)
    if value.strip().lower() == "inactive":
        raise Rejected("status_inactive", instead=found)
    return found


def _password(_value: str) -> str:
    raise Rejected("password_ignored")


def password_hash(value: str) -> str:
    """A hash of another system in the form in which it is verified here; its value is never shown."""
    written = value.strip()
    if written.startswith(("!", "*")):  # how other systems write that there is no password
        raise Rejected("password_hash_none")
    found = imported(written)
    if found is None:
        raise Rejected("password_hash_refused")
    return found


def canonical_username(value: str) -> str:
    """The user name as accounts compare it; what no user name can be is told and staged as none."""
    if value.isascii() and value.isprintable() and " " not in value and len(value) <= MAX_USERNAME:
        return value.lower()
    found = None if any("\ud800" <= character <= "\udfff" for character in value) else canonical(value)
    if found is None:
        raise Rejected("username_invalid")
    return found


def status_in_bulk(value: str) -> str:
    """Bulk files leave the status empty; one that is there is followed, and told."""
    return _status(value, bulk=True)


def status_in_delta(value: str) -> str:
    """In delta files the status says whether the row is removed."""
    return _status(value, bulk=False)


def members(item_limit: int) -> Check:
    """A list in one field, separated by commas; an item that holds a comma stands in double quotes."""
    item = text(item_limit)

    def check(value: str) -> str:
        if "," not in value and '"' not in value:
            return item(value)
        if '"' in value:
            try:
                parts = next(csv.reader([value.replace("\n", " ").replace("\r", " ")], skipinitialspace=True))
            except (csv.Error, StopIteration):
                raise Rejected("csv_syntax", reason=value) from None
        else:
            parts = value.split(",")
        if len(parts) > MEMBERS:
            raise Rejected("too_long", limit=MEMBERS)
        items = [item(part) for part in parts if part and not part.isspace()]
        return LIST_SEPARATOR.join(dict.fromkeys(items))

    return check


day: Check = _cached(_day)
moment: Check = _cached(_moment)
truth: Check = _cached(_truth)
school_year: Check = _cached(_school_year)
password: Check = _password
identifier: Check = text(255)
identifiers: Check = members(255)
name: Check = text(200)
title: Check = text(500)
short: Check = text(255)
labels: Check = members(100)
