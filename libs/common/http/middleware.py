"""What surrounds every request: its id, the size of its body, its line in the log, and the last net.

Pure ASGI: a layer of Starlette's BaseHTTPMiddleware would cost more than all of this together.
"""

import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from fastapi import FastAPI, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from libs.common import logs, tracing
from libs.common.database import is_passing, sqlstate
from libs.common.http.rendering import respond
from libs.common.identity import authorization_of
from libs.common.problems import InternalError, MalformedRequest, PayloadTooLarge, Problem, Unavailable
from libs.common.redis_store import AWAY as REDIS_AWAY

#: SQLSTATE of text PostgreSQL cannot store (a NUL, a lone surrogate): the caller's fault, not ours
_UNSTORABLE = frozenset({"22021", "22P05"})


class RequestContext:
    """Wraps the application; `app.state.settings` gives the limits."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        fastapi: FastAPI,
        body_limits: dict[str, int],
        known_sender: Callable[[FastAPI, Scope], Awaitable[object]],
    ) -> None:
        self._app = app
        self._fastapi = fastapi
        self._known_sender = known_sender
        self._body_limits = body_limits
        self._default_limit = fastapi.state.settings.body_limit
        self._writes_json = fastapi.state.settings.log_format == "json"
        self._log = logs.logger(__name__)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        traceparent, length, has_body, is_personal = _read_headers(scope)
        request_id = tracing.accept(traceparent)[3:35].encode()
        status = 0

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"].append((b"x-request-id", request_id))
                if is_personal and all(name != b"cache-control" for name, _ in message["headers"]):
                    message["headers"].append((b"cache-control", b"no-store"))
            await send(message)

        try:
            if has_body:
                receive = _bounded(receive, await self._limit_of(scope, length), length)
            await self._app(scope, receive, answer)
        except Exception as error:
            problem = self._explain(error)
            if status:  # the answer is under way: all that is left is to break it off
                raise
            await respond(problem, Request(scope))(scope, receive, answer)
        finally:
            self._write_line(scope, status, started, request_id)

    async def _limit_of(self, scope: Scope, length: bytes | None) -> int:
        """The largest body this request may have: only known callers send more than usual.

        A form is read before the route's own dependencies ask who calls.
        """
        limit: int = self._body_limits.get(scope["path"], self._default_limit)
        if limit > self._default_limit and (length is None or _number(length) > self._default_limit):
            await self._known_sender(self._fastapi, scope)
        return limit

    def _explain(self, error: Exception) -> Problem:
        if isinstance(error, Problem):
            return error
        if is_passing(error) or isinstance(error, REDIS_AWAY):
            self._log.warning(logs.STORE_AWAY, error=type(error).__name__)
            return Unavailable()
        if sqlstate(error) in _UNSTORABLE or isinstance(error, UnicodeEncodeError):
            return MalformedRequest()
        self._log.error(logs.REQUEST_FAILED, exc_info=error)
        return InternalError()

    def _write_line(self, scope: Scope, status: int, started: float, request_id: bytes) -> None:
        """One line a request. The path stays without its query, which may carry somebody's data."""
        milliseconds = round((time.perf_counter() - started) * 1000, 2)
        if not self._writes_json:
            path = scope["path"] if scope["path"].isprintable() else repr(scope["path"])  # no line of its own
            sys.stdout.write(f"{status} {milliseconds:8.2f} ms  {scope['method']} {path}\n")
            return
        line: dict[str, Any] = {
            "event": logs.REQUEST,
            "level": "info",
            "time": time.time(),
            "method": scope["method"],
            "path": scope["path"],
            "status": status,
            "ms": milliseconds,
            "request_id": request_id.decode(),
        }
        sys.stdout.write(orjson.dumps(line).decode() + "\n")


async def has_token(app: FastAPI, scope: Scope) -> None:
    """The sender has a valid token; raises Unauthorized, TooManyRequests, Unavailable."""
    await app.state.identity.caller(authorization_of(scope))


def _read_headers(scope: Scope) -> tuple[str | None, bytes | None, bool, bool]:
    """The traceparent, the announced length, whether a body may come, and whether a caller is named."""
    traceparent, length, has_body, is_personal = None, None, False, False
    for name, value in scope["headers"]:
        if name == b"traceparent":
            traceparent = value.decode("latin-1")
        elif name == b"content-length":
            length, has_body = value, True
        elif name == b"transfer-encoding":
            has_body = True
        elif name == b"authorization":
            is_personal = True
    return traceparent, length, has_body, is_personal


def _number(length: bytes) -> int:
    """A Content-Length; whatever has more digits than a length can have is larger than every limit."""
    digits = length.lstrip(b"0") or b"0"
    return int(digits) if digits.isdigit() and len(digits) < 19 else 10**19


def _bounded(receive: Receive, limit: int, announced: bytes | None) -> Receive:
    """Stop reading a body at `limit` bytes, whatever its headers say."""
    if announced is not None and _number(announced) > limit:
        raise PayloadTooLarge(limit=limit)
    received = 0

    async def counting() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > limit:
            raise PayloadTooLarge(limit=limit)
        return message

    return counting
