"""Addresses mail may be sent to, servers it may go to, and when a failed mail is tried again."""

import re
import unicodedata
from datetime import timedelta
from typing import Final
from urllib.parse import urlsplit

MAX_ADDRESS: Final = 254
FIRST_PAUSE: Final = timedelta(seconds=30)
LONGEST_PAUSE: Final = timedelta(hours=1)
LIFE: Final = timedelta(hours=24)
#: the ways to a mail server, and the port each usually has
PORTS: Final = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})

_FORBIDDEN_CATEGORIES: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs"})
_LOCAL: Final = re.compile(r"[^\s@<>()\[\]\\,;:\"]{1,64}")
_LABEL: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")


def address(text: str) -> str | None:
    """A mail address as it is stored, in NFC, or None for what is none.

    A character that only becomes an @ when somebody normalises (full-width, small form) is refused before
    anything is normalised, so that no two systems send to two different people (UTS 39).
    """
    if not 3 <= len(text) <= MAX_ADDRESS or text.count("@") != 1:
        return None
    for character in text:
        if unicodedata.category(character) in _FORBIDDEN_CATEGORIES:
            return None
        if character != "@" and "@" in unicodedata.normalize("NFKC", character):
            return None
    local, domain = unicodedata.normalize("NFC", text).split("@")
    if not _LOCAL.fullmatch(local) or local.startswith(".") or local.endswith(".") or ".." in local:
        return None
    return f"{local}@{domain}" if _is_domain(domain) else None


def _is_domain(domain: str) -> bool:
    """Whether it is made of labels that the name system knows, also when they are not ASCII."""
    try:
        spelled = domain.encode("idna").decode("ascii")
    except UnicodeError:
        return False
    return len(spelled) <= 253 and all(_LABEL.fullmatch(label) for label in spelled.split("."))


def pause_after(attempts: int) -> timedelta:
    """How long to wait after so many attempts: half a minute, then twice as long each time, up to an hour."""
    doublings = min(max(attempts - 1, 0), 20)
    return min(FIRST_PAUSE * (1 << doublings), LONGEST_PAUSE)


def is_server(text: str) -> bool:
    """Whether a setting names a place mail can go to; plain SMTP only on this machine."""
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        return False
    if parts.scheme == "file":
        return bool(parts.path) and not parts.netloc
    if parts.scheme not in PORTS or not parts.hostname or parts.path or parts.username:
        return False
    return parts.scheme != "smtp" or parts.hostname in _LOOPBACK
