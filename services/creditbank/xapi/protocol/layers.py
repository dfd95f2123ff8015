"""Two layers around the routes below /xapi/, so that these see plain requests of a known version only.

`Announcing` is the outermost of all: whatever the answer is, and whoever gives it, it names the version.
`Speaking` is the innermost: it judges the version, and translates what the protocol allows beside the plain
form. Both are nothing to any other path.
"""

from fastapi import FastAPI, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from libs.common.http.rendering import OWN_RENDERING
from libs.common.languages import Text
from libs.common.problems import MalformedRequest, Unauthorized
from services.creditbank.xapi.protocol import alternate
from services.creditbank.xapi.protocol.compression import Packing, unpacked
from services.creditbank.xapi.protocol.problems import XapiRequestInvalid
from services.creditbank.xapi.protocol.rendering import render
from services.creditbank.xapi.protocol.rules import NEWEST, UNNAMED, accepts_gzip, negotiated
from services.creditbank.xapi.protocol.versions import ANSWERED, HEADER, SCOPE, header_of, is_record_store

_ABOUT = "/xapi/about"
_STATEMENTS = "/xapi/statements"
_THROUGH = b"x-experience-api-consistent-through"
_CLAUSE = "xAPI 1.0.3 Communication 3.3"
_REQUIRED = Text("is required; 1.0.3 and 2.0.0 are spoken here", "必填；支持 1.0.3 与 2.0.0")
_UNKNOWN = Text(
    "names a version that is not spoken here; 1.0.3 and 2.0.0 are", "版本不受支持；支持 1.0.3 与 2.0.0"
)
_CODING = Text("only gzip and identity are understood", "仅支持 gzip 与 identity")


class Announcing:
    """Says in every answer by which version it was given, and how far statements are known to be readable."""

    def __init__(self, app: ASGIApp, *, fastapi: FastAPI) -> None:
        self._app, self._fastapi = app, fastapi

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not is_record_store(scope):
            await self._app(scope, receive, send)
            return
        scope[SCOPE] = scope[ANSWERED] = negotiated(header_of(scope, HEADER)) or NEWEST
        scope[OWN_RENDERING] = render

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"].append((HEADER, scope[ANSWERED].encode()))
                if scope["path"].startswith(_STATEMENTS) and all(
                    name != _THROUGH for name, _ in message["headers"]
                ):
                    message["headers"].append((_THROUGH, self._through()))
            await send(message)

        await self._app(scope, receive, answer)

    def _through(self) -> bytes:
        through: str = self._fastapi.state.consistent_through()
        return through.encode()


class Speaking:
    """Lets only requests of a version through that name a caller, as plain requests."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not is_record_store(scope):
            await self._app(scope, receive, send)
            return
        whole = scope  # what the outer layers look at when the answer leaves
        if alternate.is_alternate(scope):
            scope, body = alternate.plain(scope, await _whole(receive))
            receive, send = alternate.receiving(body, receive), _kept_by_nobody(send)
        if scope["path"] != _ABOUT:
            _judge(whole, scope)
        coding = (header_of(scope, b"content-encoding") or "identity").strip().lower()
        if coding != "identity":
            scope, receive = await _unpacked(scope, receive, coding)
        if scope["method"] == "HEAD":
            scope, send = {**scope, "method": "GET"}, _without_body(send)
        elif scope["method"] == "GET" and accepts_gzip(header_of(scope, b"accept-encoding")):
            send = Packing(send)
        await self._app(scope, receive, send)


def _judge(whole: Scope, scope: Scope) -> None:
    """The request names a caller and a version spoken here; raises Unauthorized, XapiRequestInvalid."""
    if header_of(scope, b"authorization") is None:
        raise Unauthorized
    named = header_of(scope, HEADER)
    version = negotiated(named)
    if version is None:
        if named is None:
            whole[ANSWERED] = UNNAMED
        raise XapiRequestInvalid(
            path="X-Experience-API-Version", clause=_CLAUSE, reason=_REQUIRED if named is None else _UNKNOWN
        )
    scope[SCOPE] = whole[SCOPE] = whole[ANSWERED] = version


async def _unpacked(scope: Scope, receive: Receive, coding: str) -> tuple[Scope, Receive]:
    """The request with its body unpacked; what it holds may be as large as a body that is not packed."""
    if coding not in ("gzip", "x-gzip"):
        raise XapiRequestInvalid(path="Content-Encoding", clause="RFC 9110 8.4", reason=_CODING)
    limit: int = Request(scope).app.state.settings.xapi_body_limit
    body = await unpacked(await _whole(receive), limit)
    kept = [pair for pair in scope["headers"] if pair[0] not in (b"content-encoding", b"content-length")]
    headers = [*kept, (b"content-length", str(len(body)).encode())]
    return {**scope, "headers": headers}, alternate.receiving(body, receive)


async def _whole(receive: Receive) -> bytes:
    """The whole body; how large it may be the request's context sees to."""
    parts: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":  # what came is only a part
            raise MalformedRequest
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


def _without_body(send: Send) -> Send:
    """The answer to HEAD: that to GET, whose body stays here (part three, 1.1)."""

    async def answer(message: Message) -> None:
        await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

    return answer


def _kept_by_nobody(send: Send) -> Send:
    """An answer to somebody named within a form, which the outer layers do not look into."""

    async def answer(message: Message) -> None:
        if message["type"] == "http.response.start" and b"cache-control" not in dict(message["headers"]):
            message["headers"].append((b"cache-control", b"no-store"))
        await send(message)

    return answer
