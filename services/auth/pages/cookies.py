"""Cookies of the pages: host-bound, unseen by scripts, queued until the route answers."""

import hashlib
import re
import secrets
from dataclasses import dataclass
from typing import Annotated, Any, Final

from fastapi import Depends, Request, Response

_QUEUE: Final = "xuebu.cookies"
_BROWSER: Final = "xuebu.browser"
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
    wanted = full_name(request, name)
    header = ";".join(request.headers.getlist("cookie"))
    pairs = (part.strip().partition("=") for part in header.split(";"))
    found = [value for key, _, value in pairs if key == wanted]
    return found[0] if len(found) == 1 and found[0] else None


def set_cookie(request: Request, name: str, value: str, *, days: int | None = None) -> None:
    """Set a cookie with the answer; without `days` it ends with the browser."""
    arguments: dict[str, Any] = {"max_age": days * 86_400} if days else {}
    request.scope.setdefault(_QUEUE, {})[name] = {"value": value, **arguments}


def delete_cookie(request: Request, name: str) -> None:
    request.scope.setdefault(_QUEUE, {})[name] = {"value": "", "max_age": 0}


def apply_cookies(request: Request, response: Response) -> None:
    """Put what was queued on the answer, once."""
    for name, arguments in request.scope.pop(_QUEUE, {}).items():
        response.set_cookie(
            full_name(request, name),
            path="/",
            secure=is_secure(request),
            httponly=True,
            samesite="lax",
            **arguments,
        )


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
