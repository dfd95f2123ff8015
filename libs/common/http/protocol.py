"""HTTP as the server speaks it: no head without an end, and nobody who sends for ever."""

import asyncio
from http import HTTPStatus

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

#: bytes of request line and headers; more is nobody's browser
LARGEST_HEAD = 64 * 1024
#: seconds within which a connection must have sent a whole head
HEAD_SECONDS = 15.0
#: seconds a body may take, and bytes a second that give it more: the slowest line worth waiting for
BODY_SECONDS, BODY_RATE = 30.0, 8 * 1024
#: how often the deadlines are looked at
LOOK_SECONDS = 5.0


class BoundedHttp(HttpToolsProtocol):
    """Ends a connection whose request does not come to an end within bounds of size and time.

    The parser itself gathers a head in memory for as long as it comes. Its size is looked at after each piece
    that arrives (256 KiB at most), so that the bound is not exact; nor are the deadlines, by LOOK_SECONDS.
    """

    #: bytes received of the head at hand; None while a body is being received
    _head: int | None = 0
    #: bytes received of the body at hand
    _body = 0
    #: since when a request has been coming; None while none is
    _since: float | None = None
    _looking: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._since = self.loop.time()
        self._looking = self.loop.call_later(LOOK_SECONDS, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._looking is not None:
            self._looking.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._since is None:
            self._since = self.loop.time()
        if self._head is None:
            self._body += len(data)
        else:
            self._head += len(data)
        super().data_received(data)
        if self._head is not None and self._head > LARGEST_HEAD:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)

    def on_headers_complete(self) -> None:
        self._head = None
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._head, self._body, self._since = 0, 0, None
        super().on_message_complete()

    def _look(self) -> None:
        """End a connection that keeps us waiting; not one that waits for us to take what it has sent."""
        if self.transport.is_closing():
            return
        if self._since is not None:
            if self.flow.read_paused:
                self._since += LOOK_SECONDS
            allowed = HEAD_SECONDS if self._head is not None else BODY_SECONDS + self._body / BODY_RATE
            if self.loop.time() - self._since > allowed:
                self._refuse(HTTPStatus.REQUEST_TIMEOUT)
                return
        self._looking = self.loop.call_later(LOOK_SECONDS, self._look)

    def _refuse(self, status: HTTPStatus) -> None:
        if not self.transport.is_closing():
            line = f"HTTP/1.1 {status.value} {status.phrase}\r\n"
            self.transport.write(f"{line}content-length: 0\r\nconnection: close\r\n\r\n".encode())
            self.transport.close()
