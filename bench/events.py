"""Events: how fast the relay publishes and a reader applies, how late they come, what writers pay."""

import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import uuid4

import asyncpg
import uvloop

from bench.report import Report
from infra.dev.stores import Stores
from libs.common.database import Database
from libs.common.events import Event, json_array
from libs.common.inbox import FeedPage, FeedUnavailable, Inbox
from libs.common.migrations import upgrade
from libs.common.redis_store import connect
from libs.common.relay import Relay
from libs.common.tasks import end
from tests.integration.common.conftest import FOLDER

KIND = "floor.note.written.v1"
_BACKLOG = 90_000  # less than the stream keeps, so that the reader never needs the feed
_RECORD = """
insert into outbox (id, type, subject, data)
select uuid7(), $1, n::text, json_build_object('text', n, 'padding', repeat('x', 200))
from generate_series(1, $2::int) as n
"""
#: a posting of three rows, as the writer whose slowing matters
_WORK = "insert into note (text) select $1 || n from generate_series(1, 3) as n"


_RECORDED_WORK = f"""
with work as ({_WORK})
insert into outbox (id, type, subject, data)
values (uuid7(), '{KIND}', $1, json_build_object('text', $1))
"""


class _NoFeed:
    async def read(self, after: int, limit: int) -> FeedPage:
        raise FeedUnavailable


def measure(report: Report, stores: Stores, seconds: float) -> None:
    """Rows 10 and 11 of the goals."""
    uvloop.run(_measure(report, stores, seconds))


async def _measure(report: Report, stores: Stores, seconds: float) -> None:
    writer_store, reader_store = stores.new_database("events"), stores.new_database("reader")
    for store in (writer_store, reader_store):
        await upgrade(FOLDER, store.migrations_database, service_role=store.service_role)
    writer = await Database(writer_store.database, pool_size=16).start()
    reader = await Database(reader_store.database).start()
    redis = connect(stores.redis)
    prefix = f"bench:{uuid4().hex[:8]}:"
    relay = Relay(writer, redis, service="floor", prefix=prefix, retention_days=90)
    latencies: list[float] = []

    async def apply(connection: "asyncpg.Connection[asyncpg.Record]", events: Sequence[Event]) -> None:
        now = datetime.now(UTC)
        latencies.extend((now - event.time).total_seconds() for event in events)
        await connection.execute(
            "insert into note (id, text) select uuid7(), text from jsonb_to_recordset($1) as item(text text)",
            json_array(events),
        )

    inbox = Inbox(reader, redis, source="floor", prefix=prefix, feed=_NoFeed(), handlers={KIND: apply})
    report.add("relay: outbox to stream", await _relay_rate(writer, relay), "events/s", 30_000)
    report.add("reader: stream to rows", await _reader_rate(reader, inbox), "events/s", 50_000)
    running = [asyncio.create_task(run()) for run in (relay.run, inbox.run)]
    await asyncio.sleep(1)
    latencies.clear()
    await _write_slowly(writer, seconds)
    await asyncio.sleep(0.5)
    ordered = sorted(latencies)
    report.add("event latency at 200/s, p50", ordered[len(ordered) // 2] * 1000, "ms")
    report.add("event latency at 200/s, p99", ordered[int(len(ordered) * 0.99)] * 1000, "ms", 15, "at most")
    await end(*running)
    report.add("writers slowed by recording an event", await _slowing(writer, seconds), "%", 30, "at most")
    await redis.aclose()
    await writer.stop()
    await reader.stop()


async def _relay_rate(database: Database, relay: Relay) -> float:
    await database.pool.execute(_RECORD, KIND, _BACKLOG)
    running = asyncio.create_task(relay.run())
    while not await database.pool.fetchval("select max(sequence) from outbox"):  # noqa: ASYNC110
        await asyncio.sleep(0.005)
    first = await database.pool.fetchval("select max(sequence) from outbox")
    started = time.perf_counter()
    while await database.pool.fetchval("select exists (select 1 from outbox where sequence is null)"):  # noqa: ASYNC110
        await asyncio.sleep(0.02)
    rate = (_BACKLOG - first) / (time.perf_counter() - started)
    await asyncio.sleep(0.5)
    await end(running)
    return float(rate)


async def _reader_rate(database: Database, inbox: Inbox) -> float:
    connection = await database.connect()
    await connection.execute("insert into inbox (source) values ('floor') on conflict do nothing")
    rates, applied = [], 0
    for third in (1, 2, 3):
        started, before = time.perf_counter(), applied
        while applied < _BACKLOG * third // 3:
            applied += await inbox.step(connection)
        rates.append((applied - before) / (time.perf_counter() - started))
    await connection.close()
    return sorted(rates)[1]


async def _write_slowly(database: Database, seconds: float) -> None:
    until = time.perf_counter() + max(3.0, seconds)
    while time.perf_counter() < until:
        await database.pool.execute(
            "insert into outbox (id, type, subject, data) values (uuid7(), $1, 'one', $2)",
            KIND,
            b'{"text":"%s"}' % uuid4().hex.encode(),
        )
        database.events_recorded()
        await asyncio.sleep(0.005)


async def _slowing(database: Database, seconds: float) -> float:
    """By how much an outbox row in the transaction lowers the rate of 16 writers, in per cent."""
    plain, recording = [], []
    for _ in range(3):
        plain.append(await _writers(database, seconds, record=False))
        recording.append(await _writers(database, seconds, record=True))
    return (1 - sorted(recording)[1] / sorted(plain)[1]) * 100


async def _writers(database: Database, seconds: float, *, record: bool) -> float:
    done = 0
    until = time.perf_counter() + seconds / 2

    async def write() -> None:
        nonlocal done
        async with database.pool.acquire() as connection:
            while time.perf_counter() < until:
                await connection.execute(_RECORDED_WORK if record else _WORK, uuid4().hex)
                done += 1

    started = time.perf_counter()
    await asyncio.gather(*(write() for _ in range(16)))
    return done / (time.perf_counter() - started)
