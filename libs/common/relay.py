"""The relay: numbers recorded events and publishes them to the service's Redis stream.

One relay per service leads, under an advisory lock. It gives each event the next number of a dense
sequence in one transaction, then adds it to the stream under exactly that number: Redis refuses a
number it has already seen, so repeating after a crash is harmless. PostgreSQL stays the truth; the
stream is only the fast way, and a reader that finds a gap in it asks the feed.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, cast

import asyncpg
import msgspec
from redis.asyncio import Redis
from redis.exceptions import RedisError

from libs.common import logs
from libs.common.database import Database, is_away
from libs.common.tasks import is_cancelled

BATCH = 1_000
#: entries the stream keeps; older ones are read from the feed
STREAM_LENGTH = 100_000
_LOCK = 0x0B0C5
_POLL_S = 1.0
_PRUNE_EVERY_S = 600

_NUMBER = """
with fresh as (
  select position, row_number() over (order by position) as place
  from (
    select position from outbox where sequence is null order by position limit $2
  ) as oldest
)
update outbox set sequence = $1 + fresh.place from fresh where outbox.position = fresh.position
returning outbox.sequence, id, type, subject, time, data, traceparent
"""
_NUMBERED = """
select sequence, id, type, subject, time, data, traceparent
from outbox where sequence > $1 order by sequence limit $2
"""
# The newest numbered row always stays: it remembers where the sequence stands.
_PRUNE = """
delete from outbox where position in (
  select position from outbox
  where sequence < $1 and time < now() - make_interval(days => $2) order by sequence limit 10000
)
"""

# Many events in one command: one by one each costs the client more than all else about it. Their ids stand
# beside them, since what Redis unpacks knows texts only. "Equal or smaller": an earlier attempt added it
# before it could say so.
_ADD = """
for n, event in ipairs(cmsgpack.unpack(ARGV[1])) do
  local id = ARGV[2]:sub(16 * n - 15, 16 * n)
  local added = redis.pcall('XADD', KEYS[1], event[1], 'id', id, unpack(event, 2))
  if type(added) == 'table' and added.err and not string.find(added.err, 'equal or smaller', 1, true) then
    return added
  end
end
redis.call('XTRIM', KEYS[1], 'MAXLEN', '~', ARGV[3])
"""
#: bytes of events in one such command: Redis serves nobody else meanwhile
_AT_ONCE = 1 << 20


def stream_key(prefix: str, service: str) -> str:
    return f"{prefix}events:{service}"


def head_key(prefix: str, service: str) -> str:
    """Where the relay says how far the sequence has got, and when it last looked."""
    return f"{prefix}events:{service}:head"


async def take_out(redis: "Redis", *, service: str, prefix: str, sequences: Sequence[int]) -> None:
    """Take events out of the stream whose data must not be read there any more.

    Who still needs one finds a gap in its place, and what the outbox says of it now in the feed.
    """
    for begin in range(0, len(sequences), BATCH):
        identifiers = [f"{sequence}-0" for sequence in sequences[begin : begin + BATCH]]
        await redis.xdel(stream_key(prefix, service), *identifiers)


class Relay:
    """Publishes one service's events until cancelled; any number may run, one leads."""

    def __init__(
        self, database: Database, redis: "Redis", *, service: str, prefix: str, retention_days: int
    ) -> None:
        self._database = database
        self._redis = redis
        self._service = service
        self._stream = stream_key(prefix, service)
        self._add = redis.register_script(_ADD)
        self._head = head_key(prefix, service)
        self._wake_channel = f"{self._stream}:wake"
        self._retention_days = retention_days
        self._recorded = asyncio.Event()
        self._leads = False
        self._log = logs.logger(__name__)
        self._hints: set[asyncio.Task[Any]] = set()
        database.events_recorded = self.wake

    def wake(self) -> None:
        """Tell the leading relay, here or in another process, that events wait. Never fails."""
        if self._leads:
            self._recorded.set()
            return
        task = asyncio.ensure_future(self._hint())
        self._hints.add(task)
        task.add_done_callback(self._hints.discard)

    async def _hint(self) -> None:
        with suppress(RedisError, OSError):
            await self._redis.publish(self._wake_channel, b"")

    async def run(self) -> None:
        """Lead, or stand by to lead; survives the absence of either store."""
        while True:
            try:
                await self._stand_by()
            except Exception as error:  # whatever it was: without a relay nobody learns anything any more
                if not is_away(error):
                    self._log.exception(logs.RELAY_FAILED)
            finally:
                self._leads = False
            await asyncio.sleep(_POLL_S)

    async def _stand_by(self) -> None:
        connection = await self._database.connect()
        try:
            while not await connection.fetchval(  # noqa: ASYNC110  another process leads
                "select pg_try_advisory_lock($1)", _LOCK
            ):
                await asyncio.sleep(_POLL_S)
            self._leads = True
            self._log.info(logs.RELAY_LEADS)
            await self._lead(connection)
        finally:
            connection.terminate()

    async def listen(self) -> None:
        """Turn hints of other processes into our own wake-up; the poll covers what gets lost."""
        while True:
            try:
                async with self._redis.pubsub(ignore_subscribe_messages=True) as channel:
                    await channel.subscribe(self._wake_channel)
                    # redis-py takes a cancellation in its time limit for the end of that limit.
                    while not is_cancelled():
                        if await channel.get_message(timeout=_POLL_S) is not None:
                            self._recorded.set()
                    return
            except (RedisError, OSError):
                await asyncio.sleep(_POLL_S)

    async def _lead(self, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        sequence = await connection.fetchval("select coalesce(max(sequence), 0) from outbox")
        published: int | None = None
        pruned_at = 0.0
        now = asyncio.get_running_loop().time
        complete: datetime | None = (
            None  # until a first look finds nothing left waiting, readers ask the feed
        )
        while True:
            self._recorded.clear()
            began = datetime.now(UTC)
            fresh = await number(connection, sequence)
            if len(fresh) < BATCH:  # else more wait, and nothing can be said of this moment
                complete = began
            try:
                if published is None:
                    published = await self._published(sequence + len(fresh))
                rows = fresh if published == sequence else await _numbered(connection, published)
                published = await self._publish(rows, published)
                if complete is not None:
                    await self._redis.set(self._head, head(sequence + len(fresh), complete), ex=60)
            except (RedisError, OSError):
                published = None
            sequence += len(fresh)
            if now() - pruned_at > _PRUNE_EVERY_S:
                pruned_at = now()
                await connection.execute(_PRUNE, sequence, self._retention_days)
            if len(fresh) < BATCH and published in (sequence, None):
                with suppress(TimeoutError):
                    async with asyncio.timeout(_POLL_S):
                        await self._recorded.wait()

    async def _published(self, sequence: int) -> int:
        """How far the stream has got. A stream that is ahead of PostgreSQL is not ours: it goes."""
        newest = cast(list[Any], await self._redis.xrevrange(self._stream, count=1))
        last = int(newest[0][0].split(b"-")[0]) if newest else max(0, sequence - BATCH)
        if last > sequence:
            await self._redis.delete(self._stream)
            last = max(0, sequence - BATCH)
        return last

    async def _publish(self, rows: Sequence[asyncpg.Record], published: int) -> int:
        """Add one batch, in order, to the stream; returns the new position."""
        if not rows:
            return published
        batch: list[asyncpg.Record] = []
        size = 0
        for row in rows:
            batch.append(row)
            size += len(row["data"])
            if size > _AT_ONCE:
                await self._add_to_stream(batch)
                batch, size = [], 0
        if batch:
            await self._add_to_stream(batch)
        last: int = rows[-1]["sequence"]
        return last

    async def _add_to_stream(self, rows: Sequence[asyncpg.Record]) -> None:
        events = msgspec.msgpack.encode([_event(row) for row in rows])
        ids = b"".join(row["id"].bytes for row in rows)
        await self._add(keys=[self._stream], args=[events, ids, STREAM_LENGTH])


async def number(connection: "asyncpg.Connection[asyncpg.Record]", sequence: int) -> list[asyncpg.Record]:
    """Give up to a batch of unnumbered events the numbers after `sequence`; returns them in order."""
    rows = await connection.fetch(_NUMBER, sequence, BATCH)
    return sorted(rows, key=lambda row: row["sequence"])


async def _numbered(connection: "asyncpg.Connection[asyncpg.Record]", published: int) -> list[asyncpg.Record]:
    """A batch that was numbered before and did not reach the stream."""
    return await connection.fetch(_NUMBERED, published, BATCH)


def head(sequence: int, complete: datetime) -> bytes:
    """The newest number, when this was said, and up to when all that was recorded has a number."""
    return f"{sequence} {datetime.now(UTC).isoformat()} {complete.isoformat()}".encode()


def _event(row: asyncpg.Record) -> list[str]:
    """What is added to the stream: the number it has there, then names and values in turn, without its id."""
    event = [f"{row['sequence']}-0", "type", row["type"], "subject", row["subject"]]
    event += ["time", row["time"].isoformat(), "data", row["data"].decode()]
    if row["traceparent"]:
        event += ["traceparent", row["traceparent"]]
    return event
