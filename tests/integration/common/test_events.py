"""Events arrive in order and take effect once, whatever happens to Redis, the relay or the reader."""

import asyncio
import json
import shutil
import tempfile
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from uuid import uuid4

import asyncpg
import httpx
import pytest
from fastapi import FastAPI
from redis.asyncio import Redis

from infra.dev.redis_server import RedisServer
from infra.dev.stores import ServiceStore, Stores
from libs.common.database import Database
from libs.common.events import Event, json_array
from libs.common.feed import SCOPE, FeedClient
from libs.common.inbox import FeedPage, Inbox
from libs.common.migrations import upgrade
from libs.common.redis_store import connect
from libs.common.relay import Relay
from libs.common.service_client import CallFailed, ServiceClient
from libs.common.settings import ServiceSettings
from libs.common.tasks import end
from tests.integration.common.conftest import FOLDER, new_store
from tests.integration.common.floor_app import AUDIENCE, floor_app
from tests.issuer import Issuer, bearer

KIND = "floor.note.written.v1"


class InProcess(ServiceClient):
    """The publisher's feed without a socket between; the end-to-end tests have one."""

    def __init__(self, app: FastAPI, token: str) -> None:
        super().__init__(token_endpoint="", client_id=None, client_secret=None)
        self._app = app
        self._headers = bearer(token)
        self.calls = 0

    async def get(self, address: str, *, audience: str | None = None, scope: str | None = None) -> bytes:
        assert (audience, scope) == (AUDIENCE, SCOPE)
        self.calls += 1
        async with httpx.AsyncClient(transport=httpx.ASGITransport(self._app)) as client:
            answer = await client.get(address, headers=self._headers)
        if answer.status_code != 200:
            raise CallFailed(str(answer.status_code))
        return answer.content


class Reader:
    """A service that reads the floor's events into its own notes."""

    def __init__(self, database: Database, redis: "Redis", prefix: str, feed: FeedClient) -> None:
        self.database = database
        self.failures = 0
        self.inbox = self.another(redis, prefix, feed)

    def another(self, redis: "Redis", prefix: str, feed: FeedClient) -> Inbox:
        return Inbox(
            self.database, redis, source="floor", prefix=prefix, feed=feed, handlers={KIND: self._apply}
        )

    async def _apply(self, connection: "asyncpg.Connection[asyncpg.Record]", events: Sequence[Event]) -> None:
        await connection.execute(
            "insert into note (text) select text from jsonb_to_recordset($1) as item(text text)",
            json_array(events),
        )
        if self.failures:
            self.failures -= 1
            raise RuntimeError("between the effect and the end of the transaction")

    async def notes(self) -> list[str]:
        return [row["text"] for row in await self.database.pool.fetch("select text from note order by place")]

    async def wait_for(self, count: int) -> list[str]:
        async with asyncio.timeout(20):
            while len(found := await self.notes()) < count:
                await asyncio.sleep(0.02)
        return found


@pytest.fixture
async def store(stores: Stores) -> ServiceStore:
    """Here everything in the database is counted: each test has its own."""
    return await new_store(stores)


@pytest.fixture
async def publisher(settings: ServiceSettings, issuer: Issuer) -> AsyncIterator[FastAPI]:
    """The floor without a relay: each test runs its own."""
    app = floor_app(settings, issuer, background=False)
    async with app.router.lifespan_context(app):
        await app.state.identity.refresh()
        yield app


@pytest.fixture
async def relay(publisher: FastAPI, settings: ServiceSettings) -> Relay:
    return make_relay(publisher, settings)


def make_relay(app: FastAPI, settings: ServiceSettings) -> Relay:
    return Relay(
        app.state.database,
        app.state.redis,
        service="floor",
        prefix=settings.redis_prefix,
        retention_days=90,
    )


@pytest.fixture
async def reader(
    stores: Stores, publisher: FastAPI, settings: ServiceSettings, issuer: Issuer
) -> AsyncIterator[Reader]:
    store: ServiceStore = stores.new_database(f"reader_{uuid4().hex[:8]}")
    await upgrade(FOLDER, store.migrations_database, service_role=store.service_role)
    database = await Database(store.database).start()
    client = InProcess(publisher, issuer.client(None, AUDIENCE, SCOPE))
    feed = FeedClient(client, "http://floor.example", AUDIENCE)
    yield Reader(database, publisher.state.redis, settings.redis_prefix, feed)
    await database.stop()


@pytest.fixture
async def running() -> AsyncIterator[list["asyncio.Task[None]"]]:
    tasks: list[asyncio.Task[None]] = []
    yield tasks
    await end(*tasks)


async def write(app: FastAPI, texts: Sequence[str]) -> None:
    await app.state.database.pool.execute(
        "insert into outbox (id, type, subject, data)"
        " select uuid7(), $1, text, json_build_object('text', text) from unnest($2::text[]) as text",
        KIND,
        list(texts),
    )
    app.state.database.events_recorded()


def numbered(start: int, stop: int) -> list[str]:
    return [f"{number:06}" for number in range(start, stop)]


async def test_events_arrive_in_order(
    publisher: FastAPI, relay: Relay, reader: Reader, running: list["asyncio.Task[None]"]
) -> None:
    running += [asyncio.create_task(relay.run()), asyncio.create_task(reader.inbox.run())]
    await write(publisher, numbered(0, 2500))
    assert await reader.wait_for(2500) == numbered(0, 2500)
    for number in range(2500, 2520):
        await write(publisher, numbered(number, number + 1))
    assert await reader.wait_for(2520) == numbered(0, 2520)
    async with asyncio.timeout(5):
        while not reader.inbox.is_current(2):
            await asyncio.sleep(0.05)


async def test_a_wiped_redis_loses_nothing(
    publisher: FastAPI,
    relay: Relay,
    reader: Reader,
    settings: ServiceSettings,
    running: list["asyncio.Task[None]"],
) -> None:
    running.append(asyncio.create_task(relay.run()))
    await write(publisher, numbered(0, 1500))
    stream = f"{settings.redis_prefix}events:floor"
    async with asyncio.timeout(10):
        while await publisher.state.redis.xlen(stream) < 1500:
            await asyncio.sleep(0.02)
    await publisher.state.redis.delete(stream, f"{stream}:head")
    running.append(asyncio.create_task(reader.inbox.run()))
    await reader.wait_for(1500)
    await write(publisher, numbered(1500, 1600))
    assert await reader.wait_for(1600) == numbered(0, 1600)


async def test_a_stream_cut_short_is_filled_from_the_feed(
    publisher: FastAPI,
    relay: Relay,
    reader: Reader,
    settings: ServiceSettings,
    running: list["asyncio.Task[None]"],
) -> None:
    running.append(asyncio.create_task(relay.run()))
    await write(publisher, numbered(0, 300))
    stream = f"{settings.redis_prefix}events:floor"
    async with asyncio.timeout(10):
        while await publisher.state.redis.xlen(stream) < 300:
            await asyncio.sleep(0.02)
    await publisher.state.redis.xtrim(stream, maxlen=50, approximate=False)
    running.append(asyncio.create_task(reader.inbox.run()))
    assert await reader.wait_for(300) == numbered(0, 300)


async def test_redis_away_means_slower_not_lost(
    stores: Stores,
    publisher: FastAPI,
    settings: ServiceSettings,
    issuer: Issuer,
    running: list["asyncio.Task[None]"],
) -> None:
    nowhere = connect("unix:///nonexistent/redis.sock")
    store = stores.new_database(f"reader_{uuid4().hex[:8]}")
    await upgrade(FOLDER, store.migrations_database, service_role=store.service_role)
    database = await Database(store.database).start()
    feed = FeedClient(
        InProcess(publisher, issuer.client(None, AUDIENCE, SCOPE)), "http://floor.example", AUDIENCE
    )
    reader = Reader(database, nowhere, settings.redis_prefix, feed)
    relay = Relay(publisher.state.database, nowhere, service="floor", prefix="x:", retention_days=90)
    running += [asyncio.create_task(relay.run()), asyncio.create_task(reader.inbox.run())]
    await write(publisher, numbered(0, 50))
    assert await reader.wait_for(50) == numbered(0, 50)
    await end(*running)
    await database.stop()
    await nowhere.aclose()


async def test_a_full_redis_loses_nothing(
    tmp_path: Path,
    publisher: FastAPI,
    reader: Reader,
    settings: ServiceSettings,
    issuer: Issuer,
    running: list["asyncio.Task[None]"],
) -> None:
    """Out of memory, Redis refuses what would be added; the feed serves until there is room again."""
    sockets = Path(tempfile.mkdtemp(prefix="xuebu-", dir="/tmp"))  # a socket's path must be short
    server = RedisServer(tmp_path, sockets, tmp_path / "redis.log")
    server.start()
    full = connect(server.address)
    feed = FeedClient(
        InProcess(publisher, issuer.client(None, AUDIENCE, SCOPE)), "http://floor.example", AUDIENCE
    )
    relay = Relay(
        publisher.state.database, full, service="floor", prefix=settings.redis_prefix, retention_days=90
    )
    inbox = reader.another(full, settings.redis_prefix, feed)
    try:
        running += [asyncio.create_task(relay.run()), asyncio.create_task(inbox.run())]
        await write(publisher, numbered(0, 100))
        await reader.wait_for(100)
        await full.config_set("maxmemory", "1")
        await write(publisher, numbered(100, 1300))
        await reader.wait_for(1300)
        await full.config_set("maxmemory", "0")
        await write(publisher, numbered(1300, 1400))
        assert await reader.wait_for(1400) == numbered(0, 1400)
        async with asyncio.timeout(20):
            while await full.xlen(f"{settings.redis_prefix}events:floor") < 1400:
                await asyncio.sleep(0.05)
    finally:
        await end(*running)
        await full.aclose()
        server.stop()
        shutil.rmtree(sockets)


async def test_a_batch_that_fails_half_way_takes_effect_once(
    publisher: FastAPI, relay: Relay, reader: Reader, running: list["asyncio.Task[None]"]
) -> None:
    reader.failures = 2
    running += [asyncio.create_task(relay.run()), asyncio.create_task(reader.inbox.run())]
    await write(publisher, numbered(0, 20))
    assert await reader.wait_for(20) == numbered(0, 20)


async def test_killed_relays_and_readers_repeat_and_skip_nothing(
    publisher: FastAPI, reader: Reader, settings: ServiceSettings
) -> None:
    total = 3000
    writer = asyncio.create_task(write_slowly(publisher, total))
    async with asyncio.timeout(60):
        while len(await reader.notes()) < total:
            tasks = [
                asyncio.create_task(make_relay(publisher, settings).run()),
                asyncio.create_task(reader.inbox.run()),
            ]
            await asyncio.sleep(0.3)
            await end(*tasks)
    await writer
    assert await reader.notes() == numbered(0, total)


async def write_slowly(app: FastAPI, total: int) -> None:
    for start in range(0, total, 100):
        await write(app, numbered(start, start + 100))
        await asyncio.sleep(0.03)


async def test_of_two_relays_and_two_readers_one_works(
    publisher: FastAPI,
    relay: Relay,
    reader: Reader,
    settings: ServiceSettings,
    issuer: Issuer,
    running: list["asyncio.Task[None]"],
) -> None:
    feed = FeedClient(
        InProcess(publisher, issuer.client(None, AUDIENCE, SCOPE)), "http://floor.example", AUDIENCE
    )
    other = reader.another(publisher.state.redis, settings.redis_prefix, feed)
    runs = (relay.run, make_relay(publisher, settings).run, reader.inbox.run, other.run)
    running += [asyncio.create_task(run()) for run in runs]
    await write(publisher, numbered(0, 500))
    assert await reader.wait_for(500) == numbered(0, 500)
    async with asyncio.timeout(10):
        while not (other.is_current(5) and reader.inbox.is_current(5)):
            await asyncio.sleep(0.05)


async def test_numbers_are_dense_although_writers_roll_back_and_finish_out_of_order(
    publisher: FastAPI, relay: Relay, reader: Reader, running: list["asyncio.Task[None]"]
) -> None:
    database: Database = publisher.state.database
    slow = await database.connect()
    held = slow.transaction()
    await held.start()
    await slow.execute(
        "insert into outbox (id, type, subject, data) values (uuid7(), $1, 'slow', $2)",
        KIND,
        json.dumps({"text": "slow"}).encode(),
    )
    given_up = await database.connect()
    abandoned = given_up.transaction()
    await abandoned.start()
    await given_up.execute(
        "insert into outbox (id, type, subject, data) values (uuid7(), $1, 'never', $2)", KIND, b"{}"
    )
    await abandoned.rollback()
    running += [asyncio.create_task(relay.run()), asyncio.create_task(reader.inbox.run())]
    await write(publisher, ["fast"])
    assert await reader.wait_for(1) == ["fast"]
    await held.commit()
    assert await reader.wait_for(2) == ["fast", "slow"]
    numbers = await database.pool.fetch("select sequence from outbox order by sequence")
    assert [row["sequence"] for row in numbers] == [1, 2]
    await slow.close()
    await given_up.close()


async def test_a_reader_ahead_of_its_source_stops_rather_than_guesses(
    publisher: FastAPI, relay: Relay, reader: Reader, running: list["asyncio.Task[None]"]
) -> None:
    await reader.database.pool.execute("insert into inbox (source, sequence) values ('floor', 10)")
    running += [asyncio.create_task(relay.run()), asyncio.create_task(reader.inbox.run())]
    await write(publisher, numbered(0, 5))
    await asyncio.sleep(2)
    assert await reader.notes() == []
    assert reader.inbox.as_of is None


async def test_the_feed_is_for_readers_with_its_scope(publisher: FastAPI, issuer: Issuer) -> None:
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(publisher), base_url="http://floor.example"
    ) as client:
        assert (await client.get("/events")).status_code == 401
        person = bearer(issuer.person(uuid4(), AUDIENCE, "notes.write"))
        assert (await client.get("/events", headers=person)).status_code == 403
        service = bearer(issuer.client(None, AUDIENCE, SCOPE))
        for query in ("after=-1", "limit=0", "limit=1001", "after=99999999999999999999", "after=x"):
            assert (await client.get(f"/events?{query}", headers=service)).status_code == 422


async def test_pruned_events_are_gone_not_skipped(
    publisher: FastAPI, relay: Relay, issuer: Issuer, running: list["asyncio.Task[None]"]
) -> None:
    running.append(asyncio.create_task(relay.run()))
    await write(publisher, numbered(0, 20))
    pool = publisher.state.database.pool
    async with asyncio.timeout(5):
        while await pool.fetchval("select count(*) from outbox where sequence is null"):
            await asyncio.sleep(0.02)
    await pool.execute("delete from outbox where sequence <= 10")
    feed = FeedClient(
        InProcess(publisher, issuer.client(None, AUDIENCE, SCOPE)), "http://floor.example", AUDIENCE
    )
    page: FeedPage = await feed.read(10, 5)
    assert [event.sequence for event in page.events] == [11, 12, 13, 14, 15]
    async with httpx.AsyncClient(transport=httpx.ASGITransport(publisher)) as client:
        headers = bearer(issuer.client(None, AUDIENCE, SCOPE))
        assert (await client.get("http://floor.example/events?after=3", headers=headers)).status_code == 410


async def test_what_waits_for_its_number_is_not_told_as_known(publisher: FastAPI, issuer: Issuer) -> None:
    await write(publisher, numbered(0, 5))
    feed = FeedClient(
        InProcess(publisher, issuer.client(None, AUDIENCE, SCOPE)), "http://floor.example", AUDIENCE
    )
    page: FeedPage = await feed.read(0, 5)
    oldest = await publisher.state.database.pool.fetchval("select min(time) from outbox")
    assert page.events == []
    assert page.time < oldest
