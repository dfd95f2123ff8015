"""HTTP/1.1 to neighbours with the standard library: few calls, made in threads over kept connections.

An HTTP library of asyncio's would take 10 MiB and a tenth of a second of every start for a call every other
second. No redirect is followed, no proxy asked, no cookie kept.
"""

import asyncio
import socket
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from http import client as http_client
from typing import Final
from urllib.parse import urlsplit

CONNECT_S: Final = 2.0
TOTAL_S: Final = 10.0
LARGEST_ANSWER: Final = 16 * 1024 * 1024
_PIECE: Final = 256 * 1024


class CallFailed(Exception):
    """The other service could not be reached, or did not answer as documented."""


class CallRefused(CallFailed):
    """The other service answered, but not with a 200."""

    def __init__(self, status: int, what: str = "") -> None:
        super().__init__(f"{what}status {status}")
        self.status = status


class Wire:
    """Connections to neighbours, each used by one call at a time. `close` at the end."""

    def __init__(self) -> None:
        self._idle: dict[str, list[http_client.HTTPConnection]] = {}
        self._busy: set[http_client.HTTPConnection] = set()
        self._lock = threading.Lock()
        self._closed = False

    async def call(
        self, method: str, address: str, *, headers: Mapping[str, str], body: bytes | None = None
    ) -> tuple[int, bytes]:
        """Status and body of the answer, all within 10 seconds; raises CallFailed."""
        return await asyncio.to_thread(self._call, method, address, headers, body)

    def close(self) -> None:
        """Close every connection; calls under way fail at once."""
        with self._lock:
            self._closed = True
            idle = [connection for kept in self._idle.values() for connection in kept]
            self._idle.clear()
            for connection in self._busy:
                if connection.sock is not None:
                    with suppress(OSError):
                        connection.sock.shutdown(socket.SHUT_RDWR)
        for connection in idle:
            connection.close()

    def _call(
        self, method: str, address: str, headers: Mapping[str, str], body: bytes | None
    ) -> tuple[int, bytes]:
        parts = urlsplit(address)
        origin, target = f"{parts.scheme}://{parts.netloc}", parts.path or "/"
        if parts.query:
            target = f"{target}?{parts.query}"
        until = time.monotonic() + TOTAL_S
        while True:
            connection, is_new = self._take(origin, parts.scheme, parts.netloc)
            try:
                return self._exchange(connection, origin, until, (method, target, body, headers))
            except (OSError, http_client.HTTPException) as error:
                # A kept connection may have been ended meanwhile; every call here may be made twice.
                if is_new or time.monotonic() > until:
                    raise CallFailed(type(error).__name__) from error
            finally:
                with self._lock:
                    self._busy.discard(connection)

    def _take(self, origin: str, scheme: str, netloc: str) -> tuple[http_client.HTTPConnection, bool]:
        with self._lock:
            if self._closed:
                raise CallFailed("closed")
            kept = self._idle.get(origin)
            if kept:
                connection = kept.pop()
            else:
                made = {"http": http_client.HTTPConnection, "https": http_client.HTTPSConnection}
                if scheme not in made:
                    raise CallFailed("not an HTTP address")
                connection = made[scheme](netloc, timeout=CONNECT_S)
            self._busy.add(connection)
            return connection, not kept and connection.sock is None

    def _exchange(
        self,
        connection: http_client.HTTPConnection,
        origin: str,
        until: float,
        request: tuple[str, str, bytes | None, Mapping[str, str]],
    ) -> tuple[int, bytes]:
        kept = False
        try:
            if connection.sock is None:
                connection.connect()
            connection.sock.settimeout(max(0.1, until - time.monotonic()))
            connection.request(*request)
            response = connection.getresponse()
            answer = bytearray()
            while piece := response.read1(_PIECE):
                answer += piece
                if len(answer) > LARGEST_ANSWER:
                    raise CallFailed("the answer is too long")
                if time.monotonic() > until:
                    raise CallFailed("the answer takes too long")
            if response.length:
                raise http_client.IncompleteRead(bytes(answer), response.length)
            response.close()  # a piecewise read to the end leaves it open, and the connection with it
            kept = not response.will_close
            return response.status, bytes(answer)
        finally:
            with self._lock:
                kept = kept and not self._closed
                if kept:
                    self._idle.setdefault(origin, []).append(connection)
            if not kept:
                connection.close()
