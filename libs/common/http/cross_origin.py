"""Which web pages of other origins may read answers (Fetch Standard, "CORS protocol").

Credentials of the browser are never allowed: who calls is said by a token or not at all.
"""

import functools
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

from fastapi import FastAPI
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_PREFLIGHT_S: Final = 600
_LONGEST_ORIGIN: Final = 300
_SENT: Final = "Authorization, Content-Type"
_READABLE: Final = "WWW-Authenticate, Retry-After, X-Request-Id"


@dataclass(frozen=True)
class CrossOrigin:
    """Paths that pages of some other origins may call, with the methods, and how an origin is judged.

    A path that ends in a slash stands for all below it. `sent` are further headers that pages may send, and
    `readable` further ones that they may read.
    """

    paths: dict[str, str]
    is_allowed: Callable[[FastAPI, str], Awaitable[bool]]
    sent: Sequence[str] = ()
    readable: Sequence[str] = ()

    def methods(self, path: str) -> str | None:
        """The methods pages may use there; None for nothing."""
        found = self.paths.get(path)
        if found is None:
            for prefix, methods in self._prefixes:
                if path.startswith(prefix):
                    return methods
        return found

    @functools.cached_property
    def _prefixes(self) -> list[tuple[str, str]]:
        return [(path, methods) for path, methods in self.paths.items() if path.endswith("/")]


class CrossOriginLayer:
    """Answers preflights for these paths, and lets known origins read their answers."""

    def __init__(self, app: ASGIApp, *, fastapi: FastAPI, rule: CrossOrigin) -> None:
        self._app, self._fastapi, self._rule = app, fastapi, rule
        self._sent = ", ".join([_SENT, *rule.sent]).encode()
        self._readable = ", ".join([_READABLE, *rule.readable]).encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        methods = self._rule.methods(scope["path"]) if scope["type"] == "http" else None
        if methods is None:
            await self._app(scope, receive, send)
            return
        origin = _header(scope, b"origin")
        allowed = origin if origin is not None and await self._is_allowed(origin) else None

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = message["headers"]  # a second Vary adds to the first (RFC 9110, section 5.3)
                headers.append((b"vary", b"Origin"))
                if allowed is not None:
                    headers.append((b"access-control-allow-origin", allowed.encode("latin-1")))
                    headers.append((b"access-control-expose-headers", self._readable))
            await send(message)

        if scope["method"] == "OPTIONS" and _header(scope, b"access-control-request-method"):
            await _answer_preflight(answer, methods if allowed is not None else None, self._sent)
            return
        await self._app(scope, receive, answer)

    async def _is_allowed(self, origin: str) -> bool:
        """`null` is what sandboxed pages and files call themselves: nobody's."""
        if origin == "null" or len(origin) > _LONGEST_ORIGIN or not origin.isprintable():
            return False
        return await self._rule.is_allowed(self._fastapi, origin)


async def _answer_preflight(send: Send, methods: str | None, sent: bytes) -> None:
    headers: list[tuple[bytes, bytes]] = []
    if methods is not None:
        headers = [
            (b"access-control-allow-methods", methods.encode()),
            (b"access-control-allow-headers", sent),
            (b"access-control-max-age", str(_PREFLIGHT_S).encode()),
        ]
    await send({"type": "http.response.start", "status": 204, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


def _header(scope: Scope, name: bytes) -> str | None:
    """The one value of a header; of several, none."""
    found = [value for key, value in scope["headers"] if key == name]
    return found[0].decode("latin-1") if len(found) == 1 else None
