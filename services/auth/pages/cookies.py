"""Cookies of the pages: host-bound, unseen by scripts, queued until the route answers."""

import hashlib
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import Depends, Request, Response

_SENT: Final = "xuebu.cookies.sent"
_QUEUE: Final = "xuebu.cookies"
_BROWSER: Final = "xuebu.browser"
_VALUE: Final = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)
_SECRET: Final = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
BROWSER_DAYS: Final = 400  # the longest that browsers keep a cookie


@dataclass(frozen=True, slots=True)
class BrowserSecret:
    """What only this browser knows; it says nothing about who sits before it."""

    secret: str

    @property
    def digest(self) -> bytes:
        """SHA-256 of the secret, for the database."""
        return hashlib.sha256(self.secret.encode()).digest()


def is_secure(request: Request) -> bool:
    """Whether people reach the service by https: then cookies are bound to exactly this host."""
    return str(request.app.state.settings.public_address).startswith("https://")


def full_name(request: Request, name: str) -> str:
    """The cookie's name as sent: the prefix keeps sub-domains and plain http from planting one."""
    return f"__Host-xuebu_{name}" if is_secure(request) else f"xuebu_{name}"


def cookie(request: Request, name: str) -> str | None:
    """The value of one of our cookies; one that came twice was planted, so it is none."""
    sent: dict[str, str | None] | None = request.scope.get(_SENT)
    if sent is None:
        sent = request.scope[_SENT] = _sent(request.scope["headers"])
    return sent.get(full_name(request, name)) or None


def _sent(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str | None]:
    """What the browser sent, by name; None for what came twice."""
    found: dict[str, str | None] = {}
    for header, text in headers:
        if header == b"cookie":
            for part in text.decode("latin-1").split(";"):
                name, _, value = part.strip().partition("=")
                found[name] = None if name in found else value
    return found


def set_cookie(request: Request, name: str, value: str, *, days: int | None = None) -> None:
    """Set a cookie with the answer; without `days` it ends with the browser."""
    if not _VALUE.fullmatch(value):
        raise ValueError("a cookie's value is letters, digits, - and _")
    request.scope.setdefault(_QUEUE, {})[name] = (value, days * 86_400 if days else None)


def delete_cookie(request: Request, name: str) -> None:
    request.scope.setdefault(_QUEUE, {})[name] = ("", 0)


def apply_cookies(request: Request, response: Response) -> None:
    """Put what was queued on the answer, once."""
    queued: dict[str, tuple[str, int | None]] = request.scope.pop(_QUEUE, {})
    for name, (value, max_age) in queued.items():
        header = f"{full_name(request, name)}={value}; Path=/; HttpOnly; SameSite=lax"
        if max_age is not None:
            header += f"; Max-Age={max_age}"
        if is_secure(request):
            header += "; Secure"
        response.raw_headers.append((b"set-cookie", header.encode("ascii")))


def browser_of(request: Request) -> BrowserSecret:
    """The browser's secret; a browser without one gets it with this answer."""
    known: BrowserSecret | None = request.scope.get(_BROWSER)
    if known is None:
        sent = cookie(request, "browser")
        if sent is None or not _SECRET.fullmatch(sent):
            sent = secrets.token_urlsafe(32)
            set_cookie(request, "browser", sent, days=BROWSER_DAYS)
        known = request.scope[_BROWSER] = BrowserSecret(sent)
    return known


async def _browser(request: Request) -> BrowserSecret:
    return browser_of(request)


#: the secret of the asking browser
Browser = Annotated[BrowserSecret, Depends(_browser)]
