"""gzip (RFC 1952) in both directions, within bounds."""

import asyncio
import zlib
from typing import Final

from starlette.types import Message, Send

from libs.common.languages import Text
from libs.common.problems import PayloadTooLarge
from services.creditbank.xapi.protocol.problems import XapiRequestInvalid

_GZIP: Final = 16 + zlib.MAX_WBITS
#: smaller answers gain nothing; larger ones are packed beside the loop
_SMALLEST: Final = 1024
_LARGE: Final = 65_536
#: the fastest: pages of statements still become a tenth
_LEVEL: Final = 1
_BAD: Final = Text("is not a whole gzip stream", "不是完整的 gzip 数据")


async def unpacked(packed: bytes, limit: int) -> bytes:
    """What a gzip body holds; raises XapiRequestInvalid, and PayloadTooLarge beyond `limit` bytes."""
    if len(packed) < _LARGE:
        return unpack(packed, limit)
    return await asyncio.to_thread(unpack, packed, limit)


def unpack(packed: bytes, limit: int) -> bytes:
    """The same, where it may take its time. Several members follow one another (RFC 1952, section 2.2)."""
    parts: list[bytes] = []
    size = 0
    while packed:
        member = zlib.decompressobj(_GZIP)
        try:
            part = member.decompress(packed, limit - size + 1)
        except zlib.error:
            raise _invalid() from None
        size += len(part)
        if size > limit:
            raise PayloadTooLarge(limit=limit)
        if not member.eof:
            raise _invalid()
        parts.append(part)
        packed = member.unused_data
    if not parts:
        raise _invalid()
    return b"".join(parts)


def _invalid() -> XapiRequestInvalid:
    return XapiRequestInvalid(path="body", clause="RFC 9110 8.4.1.3", reason=_BAD)


class Packing:
    """Packs the answer it is given, where that is worth it: JSON without an ETag, sent in one piece.

    An ETag is the digest of the body as it is (part three, 3.1), which a packed one would not be.
    """

    def __init__(self, send: Send) -> None:
        self._send = send
        self._start: Message | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start" and _is_packable(message):
            message["headers"].append((b"vary", b"Accept-Encoding"))
            self._start = message
            return
        if self._start is not None:
            start, self._start = self._start, None
            body = message.get("body", b"")
            if not message.get("more_body") and len(body) >= _SMALLEST:
                packed = _pack(body) if len(body) < _LARGE else await asyncio.to_thread(_pack, body)
                kept = [pair for pair in start["headers"] if pair[0] != b"content-length"]
                length = (b"content-length", str(len(packed)).encode())
                start["headers"] = [*kept, (b"content-encoding", b"gzip"), length]
                message = {**message, "body": packed}
            await self._send(start)
        await self._send(message)


def _pack(body: bytes) -> bytes:
    return zlib.compress(body, _LEVEL, _GZIP)


def _is_packable(start: Message) -> bool:
    headers = dict(start["headers"])
    kind = headers.get(b"content-type", b"")
    return (
        start["status"] == 200
        and (kind.startswith(b"application/json") or kind.startswith(b"multipart/"))
        and b"etag" not in headers
        and b"content-encoding" not in headers
    )
