"""HTTP to addresses that administrators named: only where statements may go, whatever names resolve to.

The name is resolved here and the very address that was judged is connected to, so that a name which resolves
otherwise a moment later leads nowhere else. No redirect is followed, no proxy asked, no cookie kept. Nothing
outlasts its time, however slowly the other side answers, and all of it ends at once with its task.
"""

import asyncio
import re
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Final
from urllib.parse import urlsplit

from services.creditbank.xapi.subscriptions.rules import is_allowed_address, is_allowed_network

_CONNECT_S: Final = 5.0
_TOTAL_S: Final = 20.0
#: for what an answer says behind its status, which nobody reads
_REST_S: Final = 0.5
_MOST_READ: Final = 64 * 1024
_STATUS: Final = re.compile(rb"HTTP/1\.[01] ([1-5][0-9]{2})( .*)?\r?\n")

#: sends a body to an address; the status of the answer, or TargetFailed
Send = Callable[[str, Mapping[str, str], bytes], Awaitable[int]]
_Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class TargetFailed(Exception):
    """There was no answer; the text says why, without naming what was sent."""


class Sender:
    """Sends as the settings allow."""

    def __init__(self, *, development: bool, private: bool) -> None:
        self._development, self._private = development, private
        self._trusted = ssl.create_default_context()

    async def send(self, address: str, headers: Mapping[str, str], body: bytes) -> int:
        """POST; the status of the answer. Raises TargetFailed."""
        if not is_allowed_address(address, development=self._development, private=self._private):
            raise TargetFailed("address not allowed")
        parts = urlsplit(address)
        host, secure = parts.hostname or "", parts.scheme == "https"
        target = f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"
        told = {**headers, "Host": parts.netloc, "Content-Length": len(body), "Connection": "close"}
        lines = [f"POST {target} HTTP/1.1", *(f"{name}: {value}" for name, value in told.items())]
        head = "\r\n".join([*lines, "", ""]).encode("latin-1")
        try:
            async with asyncio.timeout(_TOTAL_S):
                reader, writer = await self._connected(
                    host, parts.port or (443 if secure else 80), secure=secure
                )
                try:
                    writer.write(head + body)
                    return await _answered(reader)
                finally:
                    writer.transport.abort()
        except (OSError, ValueError) as error:
            raise TargetFailed(type(error).__name__) from error

    async def _connected(self, host: str, port: int, *, secure: bool) -> _Streams:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        ips = list(dict.fromkeys(str(one[4][0]) for one in found))
        # all of them: a name that leads to both sides is nobody's mistake
        if not all(
            is_allowed_network(ip, development=self._development, private=self._private) for ip in ips
        ):
            raise TargetFailed("network not allowed")
        failed: OSError = OSError("no address")
        trusted, name = (self._trusted, host) if secure else (None, None)
        for ip in ips:
            try:
                async with asyncio.timeout(_CONNECT_S):
                    return await asyncio.open_connection(
                        ip, port, limit=_MOST_READ, ssl=trusted, server_hostname=name
                    )
            except OSError as error:
                failed = error
        raise failed


async def _answered(reader: asyncio.StreamReader) -> int:
    """The status of the answer behind those that only tell of it (RFC 9110, section 15.2)."""
    while True:
        line = _STATUS.fullmatch(await reader.readline())
        if line is None:
            raise TargetFailed("no HTTP")
        status = int(line[1])
        if status >= 200:
            with suppress(TimeoutError):
                async with asyncio.timeout(_REST_S):
                    await reader.read(_MOST_READ)
            return status
        while (await reader.readline()).strip():
            pass
