"""The inbox: reads another service's events in order and applies each exactly once.

The position reached is a row of the reader's own database and moves in the transaction that applies
the events. So a crash anywhere repeats nothing and skips nothing, and losing Redis loses nothing:
a gap in the stream is filled from the publisher's feed.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol, cast
from uuid import UUID

import asyncpg
from redis.asyncio import Redis
from redis.exceptions import RedisError
from sqlalchemy import BigInteger, Column, MetaData, Table, Text, text

from libs.common import logs, tracing
from libs.common.database import Database, is_away, sqlstate
from libs.common.events import Event
from libs.common.relay import BATCH, head_key, stream_key

#: applies all events of one type in a batch, inside the inbox's transaction
Handler = Callable[["asyncpg.Connection[asyncpg.Record]", Sequence[Event]], Awaitable[None]]

_BLOCK_MS = 1_000
#: a batch aims at this many bytes: events differ in size a thousandfold
_BATCH_BYTES = 4_000_000
_FIRST_BATCH = 100
#: a head older than this means that the stream cannot be trusted to be complete
_HEAD_STALE_S = 5.0
_RETRY_S = 0.5


def inbox_table(metadata: MetaData) -> Table:
    """Declare the inbox in a service's own metadata."""
    return Table(
        "inbox",
        metadata,
        Column("source", Text, primary_key=True),
        Column("sequence", BigInteger, nullable=False, server_default=text("0")),
    )


class FeedUnavailable(Exception):
    """The publisher could not be asked; try again later."""


@dataclass(frozen=True, slots=True)
class FeedPage:
    """Events after a position, the publisher's newest number, and when that was so."""

    events: Sequence[Event]
    head: int
    time: datetime


class Feed(Protocol):
    """The publisher's feed (`libs.common.feed.FeedClient`)."""

    async def read(self, after: int, limit: int) -> FeedPage: ...


class Inbox:
    """Reads one source until cancelled; any number may run, one reads."""

    def __init__(
        self,
        database: Database,
        redis: "Redis",
        *,
        source: str,
        prefix: str,
        feed: Feed,
        handlers: Mapping[str, Handler],
    ) -> None:
        self._database = database
        self._redis = redis
        self.source = source
        self._stream = stream_key(prefix, source)
        self._head = head_key(prefix, source)
        self._feed = feed
        self._handlers = handlers
        self._log = logs.logger(__name__)
        self._count = _FIRST_BATCH
        #: everything the source recorded up to this time is applied here; None until first known
        self.as_of: datetime | None = None

    def is_current(self, within_s: float) -> bool:
        """Whether what is known here of the source is at most `within_s` seconds old."""
        return self.as_of is not None and (datetime.now(UTC) - self.as_of).total_seconds() <= within_s

    async def run(self) -> None:
        while True:
            try:
                await self._stand_by()
            except Exception as error:
                # A batch that cannot be applied is tried again for ever: skipping it would lose it.
                if not is_away(error):
                    self._log.exception(logs.INBOX_FAILED, source=self.source, sqlstate=sqlstate(error))
            await asyncio.sleep(_RETRY_S)

    async def _stand_by(self) -> None:
        connection = await self._database.connect()
        try:
            while not await connection.fetchval(
                "select pg_try_advisory_lock(hashtextextended('inbox:' || $1, 0))", self.source
            ):
                await self._follow(connection)
            await connection.execute(
                "insert into inbox (source) values ($1) on conflict do nothing", self.source
            )
            while True:
                try:
                    await self.step(connection)
                except FeedUnavailable:
                    await asyncio.sleep(_RETRY_S)
        finally:
            connection.terminate()

    async def _follow(self, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        """Another process reads: keep track of how far it has got."""
        position = await _position(connection, self.source)
        known = await self._known_head()
        if known is not None and position >= known[0]:
            self.as_of = known[1]
        await asyncio.sleep(_BLOCK_MS / 1000)

    async def step(self, connection: "asyncpg.Connection[asyncpg.Record]") -> int:
        """Wait for the next events and apply them; returns how many there were."""
        position = await _position(connection, self.source)
        events = await self._from_stream(position)
        if not events:
            events = await self._from_feed_if_behind(position)
        if events:
            self._count = _next_count(self._count, events)
            with tracing.span(f"inbox {self.source}"):
                await self._apply(connection, position, events)
        return len(events)

    async def _from_stream(self, position: int) -> Sequence[Event]:
        """The next events without a gap, or none if the stream has none or has a gap here."""
        try:
            answer = cast(
                list[Any],
                await self._redis.xread({self._stream: f"{position}-0"}, count=self._count, block=_BLOCK_MS),
            )
        except (RedisError, OSError):
            await asyncio.sleep(_RETRY_S)
            return []
        entries = answer[0][1] if answer else []
        events = []
        for offset, (identifier, fields) in enumerate(entries, start=1):
            sequence = int(identifier.split(b"-")[0])
            if sequence != position + offset:
                break
            events.append(_event(sequence, fields))
        return events

    async def _from_feed_if_behind(self, position: int) -> Sequence[Event]:
        known = await self._known_head()
        if known is not None and known[0] == position:
            self.as_of = known[1]
            return []
        page = await self._feed.read(position, self._count)
        if page.head < position:
            self._log.error(logs.INBOX_SOURCE_WENT_BACK, source=self.source, at=position, head=page.head)
            raise FeedUnavailable
        if page.events:
            self._log.info(logs.INBOX_CAUGHT_UP_BY_FEED, source=self.source, events=len(page.events))
        elif page.head == position:
            self.as_of = page.time
        return page.events

    async def _known_head(self) -> tuple[int, datetime] | None:
        """What the relay last said of its newest number, unless that is too long ago."""
        with suppress(RedisError, OSError, ValueError):
            value = cast(bytes | None, await self._redis.get(self._head))
            if value:
                sequence, said, complete = value.decode().split(" ")
                if (datetime.now(UTC) - datetime.fromisoformat(said)).total_seconds() < _HEAD_STALE_S:
                    return int(sequence), datetime.fromisoformat(complete)
        return None

    async def _apply(
        self, connection: "asyncpg.Connection[asyncpg.Record]", position: int, events: Sequence[Event]
    ) -> None:
        async with connection.transaction():
            for kind, handle in self._handlers.items():
                batch = [event for event in events if event.type == kind]
                if batch:
                    await handle(connection, batch)
            moved = await connection.execute(
                "update inbox set sequence = $2 where source = $1 and sequence = $3",
                self.source,
                events[-1].sequence,
                position,
            )
            assert moved == "UPDATE 1", "only the holder of the lock moves the position"
        self._database.events_recorded()


def _next_count(count: int, events: Sequence[Event]) -> int:
    """How many events to ask for next: more while batches are light, fewer once one was heavy."""
    size = sum(len(event.data) for event in events)
    if size > _BATCH_BYTES:
        return max(1, count * _BATCH_BYTES // size)
    return min(BATCH, count * 2) if len(events) == count and size < _BATCH_BYTES // 2 else count


async def _position(connection: "asyncpg.Connection[asyncpg.Record]", source: str) -> int:
    return await connection.fetchval("select sequence from inbox where source = $1", source) or 0


def _event(sequence: int, fields: Mapping[bytes, bytes]) -> Event:
    traceparent = fields.get(b"traceparent")
    return Event(
        id=UUID(bytes=fields[b"id"]),
        sequence=sequence,
        type=fields[b"type"].decode(),
        subject=fields[b"subject"].decode(),
        time=datetime.fromisoformat(fields[b"time"].decode()),
        data=fields[b"data"],
        traceparent=traceparent.decode() if traceparent else None,
    )
