"""Scripts in Redis for paths where the client's own layers would cost more than the script.

redis-py makes and greets the connection, whatever the address asks for (TLS, a password, a database); from
then on calls are written as they come and answered in that order, a tenth of the processor time of a call
through its pool. Nothing is ever sent twice: a call that fails may have been done.
"""

import asyncio
import hashlib
from collections import deque
from collections.abc import Sequence
from typing import Any, Final

import hiredis
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as Lost
from redis.exceptions import ResponseError

_LONGEST_WAIT_S: Final = 5


class Script:
    """A script in Lua, known to Redis by its digest."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.digest = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


class Scripts:
    """Runs scripts on one connection, which is made when first needed and again when it was lost."""

    def __init__(self, redis: "Redis") -> None:
        self._redis = redis
        self._wire: _Wire | None = None
        self._making: asyncio.Task[_Wire] | None = None

    async def run(self, script: Script, keys: Sequence[str], arguments: Sequence[str | int]) -> Any:
        """What the script answers, texts as bytes; raises Redis's errors, after 5 s without an answer too."""
        wire = self._wire or await self._made()
        call = (len(keys), *keys, *arguments)
        try:
            return await wire.ask("EVALSHA", script.digest, *call)
        except ResponseError as error:
            if not str(error).startswith("NOSCRIPT"):
                raise
        return await wire.ask("EVAL", script.text, *call)

    def close(self) -> None:
        """Let the connection go; who still waits for an answer gets redis's ConnectionError."""
        if self._making is not None:
            self._making.cancel()
        if self._wire is not None:
            self._wire.close()
            self._wire = None

    async def _made(self) -> "_Wire":
        """A new connection; who asks while one is being made gets that one, or its failure."""
        if self._making is None:
            self._making = asyncio.create_task(self._make())
            self._making.add_done_callback(self._is_made)
        return await asyncio.shield(self._making)

    async def _make(self) -> "_Wire":
        pool: Any = self._redis.connection_pool
        connection = pool.make_connection()
        try:
            async with asyncio.timeout(_LONGEST_WAIT_S):
                await connection.connect()
        except BaseException:
            await connection.disconnect(nowait=True)
            raise
        self._wire = _Wire(self, connection)
        return self._wire

    def _is_made(self, making: "asyncio.Task[_Wire]") -> None:
        self._making = None
        if not making.cancelled():
            making.exception()  # whoever waited has it; somebody may have gone away

    def lost(self, wire: "_Wire") -> None:
        """The next call makes another connection."""
        if self._wire is wire:
            self._wire = None


class _Wire(asyncio.Protocol):
    """A connection on which every call is answered in its turn."""

    def __init__(self, scripts: Scripts, connection: Any) -> None:
        self._scripts = scripts
        self._connection = connection  # which holds its own end of the transport until this one is lost
        self._transport = connection._writer.transport
        self._reader = hiredis.Reader(replyError=ResponseError)
        self._waiting: deque[tuple[asyncio.Future[Any], float]] = deque()
        self._loop = asyncio.get_running_loop()
        self._watch = self._loop.call_later(_LONGEST_WAIT_S, self._look)
        self._transport.set_protocol(self)

    def ask(self, *call: str | int) -> "asyncio.Future[Any]":
        answer: asyncio.Future[Any] = self._loop.create_future()
        self._waiting.append((answer, self._loop.time()))
        command: Any = call  # whose stub knows one argument only
        self._transport.write(hiredis.pack_command(command))
        return answer

    def data_received(self, data: bytes) -> None:
        self._reader.feed(data)
        while (answer := self._reader.gets()) is not False:
            waiting, _ = self._waiting.popleft()
            if waiting.done():  # its caller has gone
                continue
            if isinstance(answer, Exception):
                waiting.set_exception(answer)
            else:
                waiting.set_result(answer)

    def connection_lost(self, _error: Exception | None) -> None:
        self._watch.cancel()
        self._connection._close()
        self._scripts.lost(self)
        while self._waiting:
            waiting, _ = self._waiting.popleft()
            if not waiting.done():
                waiting.set_exception(Lost("the connection to Redis was lost"))

    def _look(self) -> None:
        """Whether Redis still answers: one watch for all calls, which hardly ever has anything to say."""
        now = self._loop.time()
        due = self._waiting[0][1] + _LONGEST_WAIT_S if self._waiting else now + _LONGEST_WAIT_S
        if due <= now:
            self.close()
        else:
            self._watch = self._loop.call_at(due, self._look)

    def close(self) -> None:
        self._transport.abort()
