"""The special data types of xAPI as texts: IRI, UUID, language tag, time, duration and so on (Data 4.0)."""

import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

from services.creditbank.xapi.protocol.rules import Version

#: what may stand in an IRI after its scheme (RFC 3987), leaving aside which part it is in
_CHARACTER: Final = r"[^\x00-\x20\x7f-\x9f\"#%<>\\^`{|}\ud800-\udfff\ufffe\uffff]"
_CHARACTERS: Final = rf"{_CHARACTER}*+(?:%[0-9A-Fa-f]{{2}}{_CHARACTER}*+)*+"
is_iri: Final = re.compile(
    rf"[A-Za-z][A-Za-z0-9+.\-]*+:(?=.){_CHARACTERS}(?:#{_CHARACTERS})?+", re.DOTALL
).fullmatch
is_uuid: Final = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}").fullmatch
#: `mailto:` and one address (RFC 6068), whose domain may be international
is_mailbox: Final = re.compile(
    r"mailto:[^\x00-\x20\x7f\s\"#(),:;<>?@\[\\\]]+@[^\x00-\x20\x7f\s\"#(),/;<>?@\\]+"
).fullmatch
is_sha1: Final = re.compile(r"[0-9A-Fa-f]{40}").fullmatch
#: SHA-224, SHA-256, SHA-384 or SHA-512, in hexadecimal digits
is_sha2: Final = re.compile(r"[0-9A-Fa-f]{56}|[0-9A-Fa-f]{64}|[0-9A-Fa-f]{96}|[0-9A-Fa-f]{128}").fullmatch
is_media_type: Final = re.compile(
    r"[A-Za-z0-9!#$&^_.+\-]+/[A-Za-z0-9!#$&^_.+\-]+\s*(?:;[^\x00-\x08\x0a-\x1f\x7f]*)?"
).fullmatch

#: ISO 8601:2004, 4.4.3.2: only the smallest part may have a fraction, weeks stand alone
is_duration: Final = re.compile(
    r"P(?:\d+(?:[.,]\d+)?W|(?=\d|T\d)"
    r"(?:\d+(?:[.,]\d+(?=Y\Z))?Y)?(?:\d+(?:[.,]\d+(?=M\Z))?M)?(?:\d+(?:[.,]\d+(?=D\Z))?D)?"
    r"(?:T(?=\d)(?:\d+(?:[.,]\d+(?=H\Z))?H)?(?:\d+(?:[.,]\d+(?=M\Z))?M)?(?:\d+(?:[.,]\d+)?S)?)?)",
    re.ASCII,
).fullmatch

_LANGUAGE: Final = re.compile(
    r"(?:[a-z]{2,3}(?:-[a-z]{3}){0,3}|[a-z]{4,8})(?:-[a-z]{4})?(?:-(?:[a-z]{2}|[0-9]{3}))?"
    r"(?:-(?:[a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*(?:-[0-9a-wyz](?:-[a-z0-9]{2,8})+)*(?:-x(?:-[a-z0-9]{1,8})+)?"
    r"|x(?:-[a-z0-9]{1,8})+"
    r"|en-gb-oed|i-(?:ami|bnn|default|enochian|hak|klingon|lux|mingo|navajo|pwn|tao|tay|tsu)"
    r"|sgn-(?:be-fr|be-nl|ch-de)",
    re.IGNORECASE | re.ASCII,
)

_LONGEST_KEPT: Final = 300
_DAY: Final = r"(\d{4})-(\d\d)-(\d\d)"
_OFFSET: Final = r"([Zz]|[+-]\d\d:\d\d)"
#: most times, which are read by the standard library in a fifth of the time
_USUAL: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{3}|\.\d{6})?(?:Z|\+00:00)", re.ASCII)
#: RFC 3339, which version 2.0 asks for
_RFC_3339: Final = re.compile(rf"{_DAY}[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d+))?{_OFFSET}", re.ASCII)
#: ISO 8601 extended, with what RFC 3339 leaves out
_EXTENDED: Final = re.compile(
    rf"{_DAY}T(\d\d):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?(Z|[+-]\d\d(?::\d\d)?)?", re.ASCII
)
#: ISO 8601 basic
_BASIC: Final = re.compile(
    r"(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(?:(\d\d)(?:[.,](\d+))?)?(Z|[+-]\d\d(?:\d\d)?)?", re.ASCII
)


def is_known_iri(text: str) -> bool:
    """Whether a text is an IRI, for those that come again and again: they are remembered."""
    return _is_remembered_iri(text) if len(text) <= _LONGEST_KEPT else is_iri(text) is not None


@lru_cache(maxsize=4096)
def _is_remembered_iri(text: str) -> bool:
    return is_iri(text) is not None


@lru_cache(maxsize=4096)
def is_language(tag: str) -> bool:
    """Whether a language tag is well formed (RFC 5646, section 2.1)."""
    return len(tag) <= 255 and _LANGUAGE.fullmatch(tag) is not None


def moment(text: str, version: Version) -> datetime | None:
    """The time a timestamp means, in UTC and to the microsecond; None if it is not one (Data 4.5).

    Version 1.0.3 takes ISO 8601 with date and time, extended or basic, a missing offset meaning UTC; version
    2.0 takes RFC 3339. An offset of -00, which ISO 8601 forbids, is none in either.
    """
    if _USUAL.fullmatch(text) is not None:
        with suppress(ValueError):  # a leap second, or no time at all
            return datetime.fromisoformat(text)
    found = _RFC_3339.fullmatch(text)
    if found is None and version == "1.0.3":
        found = _EXTENDED.fullmatch(text) or _BASIC.fullmatch(text)
    if found is None:
        return None
    year, month, day, hour, minute, second, fraction, offset = found.groups()
    return _moment(
        int(year), int(month), int(day), int(hour), int(minute), int(second or 0), fraction or "", offset
    )


def _moment(
    year: int, month: int, day: int, hour: int, minute: int, second: int, fraction: str, offset: str | None
) -> datetime | None:
    microsecond = int(fraction[:6].ljust(6, "0")) if fraction else 0
    # a leap second is told as the second before it; midnight may be the end of a day too
    leap = second == 60 and minute == 59
    midnight = hour == 24 and not (minute or second or microsecond)
    try:
        told = datetime(
            year, month, day, 0 if midnight else hour, minute, 59 if leap else second, microsecond, UTC
        )
        if midnight:
            told += timedelta(days=1)
        if offset is None or offset in "Zz":
            return told
        hours, minutes = int(offset[1:3]), int(offset[3:].lstrip(":") or 0)
        if hours > 23 or minutes > 59 or (offset[0] == "-" and not hours and not minutes):
            return None
        away = timedelta(hours=hours, minutes=minutes)
        return told + away if offset[0] == "-" else told - away
    except (ValueError, OverflowError):
        return None
