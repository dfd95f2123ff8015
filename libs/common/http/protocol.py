"""HTTP as the server speaks it, with a bound on what comes before a body."""

from http import HTTPStatus

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

#: bytes of request line and headers; more is nobody's browser
LARGEST_HEAD = 64 * 1024
_REFUSAL = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE


class BoundedHead(HttpToolsProtocol):
    """Ends a connection whose request line and headers do not come to an end within the bound.

    The parser itself gathers them in memory for as long as they come. The bound is looked at after each
    piece that arrives (256 KiB at most), so that it is not exact.
    """

    #: bytes received of the head at hand; None while a body is being received
    _head: int | None = 0

    def data_received(self, data: bytes) -> None:
        if self._head is not None:
            self._head += len(data)
        super().data_received(data)
        if self._head is not None and self._head > LARGEST_HEAD and not self.transport.is_closing():
            line = f"HTTP/1.1 {_REFUSAL.value} {_REFUSAL.phrase}\r\n"
            self.transport.write(f"{line}content-length: 0\r\nconnection: close\r\n\r\n".encode())
            self.transport.close()

    def on_headers_complete(self) -> None:
        self._head = None
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._head = 0
        super().on_message_complete()
