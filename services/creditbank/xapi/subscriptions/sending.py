"""HTTP to addresses that administrators named: only where statements may go, whatever names resolve to.

The name is resolved here and the very address that was judged is connected to, so that a name which resolves
otherwise a moment later leads nowhere else. No redirect is followed, no proxy asked, no cookie kept.
"""

import asyncio
import socket
import ssl
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import closing
from http import client as http_client
from typing import Final
from urllib.parse import urlsplit

from services.creditbank.xapi.subscriptions.rules import is_allowed_address, is_allowed_network

_CONNECT_S: Final = 5.0
_TOTAL_S: Final = 20.0
_MOST_READ: Final = 64 * 1024

#: sends a body to an address; the status of the answer, or TargetFailed
Send = Callable[[str, Mapping[str, str], bytes], Awaitable[int]]


class TargetFailed(Exception):
    """There was no answer; the text says why, without naming what was sent."""


class Sender:
    """Sends as the settings allow."""

    def __init__(self, *, development: bool, private: bool) -> None:
        self._development, self._private = development, private
        self._trusted = ssl.create_default_context()

    async def send(self, address: str, headers: Mapping[str, str], body: bytes) -> int:
        """POST; the status of the answer. Raises TargetFailed."""
        return await asyncio.to_thread(self._send, address, headers, body)

    def _send(self, address: str, headers: Mapping[str, str], body: bytes) -> int:
        if not is_allowed_address(address, development=self._development, private=self._private):
            raise TargetFailed("address not allowed")
        parts = urlsplit(address)
        host, secure = parts.hostname or "", parts.scheme == "https"
        port = parts.port or (443 if secure else 80)
        until = time.monotonic() + _TOTAL_S
        connection = http_client.HTTPConnection(host, port)
        try:
            with closing(connection):
                connection.sock = self._connected(host, port, secure=secure)
                connection.sock.settimeout(max(0.1, until - time.monotonic()))
                target = f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"
                connection.request("POST", target, body, {**headers, "Host": parts.netloc})
                response = connection.getresponse()
                response.read1(_MOST_READ)
                return response.status
        except (OSError, http_client.HTTPException, UnicodeError) as error:
            raise TargetFailed(type(error).__name__) from error

    def _connected(self, host: str, port: int, *, secure: bool) -> socket.socket:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        ips = list(dict.fromkeys(str(one[4][0]) for one in found))
        # all of them: a name that leads to both sides is nobody's mistake
        if not all(
            is_allowed_network(ip, development=self._development, private=self._private) for ip in ips
        ):
            raise TargetFailed("network not allowed")
        failed: OSError = OSError("no address")
        for ip in ips:
            try:
                plain = socket.create_connection((ip, port), timeout=_CONNECT_S)
            except OSError as error:
                failed = error
                continue
            return self._trusted.wrap_socket(plain, server_hostname=host) if secure else plain
        raise failed
