"""A database behind a connection that a test can sever, so that the server seems away and comes back."""

import asyncio
from contextlib import suppress
from typing import Self
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit


class Severable:
    """Passes a PostgreSQL address on; `address` is what to connect to instead."""

    def __init__(self, address: str) -> None:
        self._parts = urlsplit(address)
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_severed = False
        self.address = ""

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        port = self._server.sockets[0].getsockname()[1]
        query = {name: values[0] for name, values in parse_qs(self._parts.query).items()}
        query = {name: value for name, value in query.items() if name not in ("host", "port")}
        user = f"{self._parts.username}@" if self._parts.username else ""
        if self._parts.password:
            user = f"{self._parts.username}:{self._parts.password}@"
        place = f"{user}127.0.0.1:{port}"
        query.setdefault("sslmode", "disable")
        self.address = urlunsplit(("postgresql", place, self._parts.path, urlencode(query), ""))
        return self

    async def __aexit__(self, *_: object) -> None:
        self.sever()
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def sever(self) -> None:
        """Cut every connection, and refuse new ones until `restore`."""
        self._is_severed = True
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    def restore(self) -> None:
        self._is_severed = False

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._is_severed:
            writer.transport.abort()
            return
        query = parse_qs(self._parts.query)
        host = query.get("host", [self._parts.hostname or "127.0.0.1"])[0]
        port = int(query.get("port", [str(self._parts.port or 5432)])[0])
        if host.startswith("/"):
            onward = await asyncio.open_unix_connection(f"{host}/.s.PGSQL.{port}")
        else:
            onward = await asyncio.open_connection(host, port)
        self._writers |= {writer, onward[1]}
        for source, target in ((reader, onward[1]), (onward[0], writer)):
            task = asyncio.create_task(_pass_on(source, target))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)


async def _pass_on(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while chunk := await source.read(65536):
            target.write(chunk)
            await target.drain()
    target.close()
