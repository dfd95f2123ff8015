"""Events while Redis is wiped, cut short, away or full: slower at most, never lost."""

import asyncio
import shutil
import tempfile
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
from fastapi import FastAPI

from infra.dev.redis_server import RedisServer
from infra.dev.stores import Stores
from libs.common.database import Database
from libs.common.migrations import upgrade
from libs.common.redis_store import connect
from libs.common.relay import Relay, head_key
from libs.common.settings import ServiceSettings
from libs.common.tasks import end
from tests.integration.common.conftest import FOLDER
from tests.integration.common.events.floor_events import Reader, feed_of, numbered, published, write
from tests.issuer import Issuer


async def test_a_wiped_redis_loses_nothing(
    publisher: FastAPI,
    relay: Relay,
    reader: Reader,
    settings: ServiceSettings,
    running: list["asyncio.Task[None]"],
) -> None:
    running.append(asyncio.create_task(relay.run()))
    await write(publisher, numbered(0, 1500))
    stream = await published(publisher.state.redis, settings.redis_prefix, 1500)
    await publisher.state.redis.delete(stream, head_key(settings.redis_prefix, "floor"))
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
    stream = await published(publisher.state.redis, settings.redis_prefix, 300)
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
    feed = feed_of(publisher, issuer)
    reader = Reader(database, nowhere, settings.redis_prefix, feed)
    relay = Relay(publisher.state.database, nowhere, service="floor", prefix="x:", retention_days=90)
    running += [asyncio.create_task(relay.run()), asyncio.create_task(reader.inbox.run())]
    await write(publisher, numbered(0, 50))
    assert await reader.wait_for(50) == numbered(0, 50)
    await end(*running)
    await database.stop()
    await nowhere.aclose()


@pytest.mark.parametrize("error", [asyncpg.InternalClientError, ConnectionResetError, RuntimeError])
async def test_a_relay_lives_on_whatever_ended_its_connection(
    publisher: FastAPI,
    relay: Relay,
    settings: ServiceSettings,
    running: list["asyncio.Task[None]"],
    monkeypatch: pytest.MonkeyPatch,
    error: type[Exception],
) -> None:
    """A server that dies between two steps of the driver has it raise what is no error of the database."""
    database: Database = publisher.state.database
    connect_really, failures = database.connect, [error("it went away")]

    async def connect_once_more() -> "asyncpg.Connection[asyncpg.Record]":
        if failures:
            raise failures.pop()
        return await connect_really()

    monkeypatch.setattr(database, "connect", connect_once_more)
    running.append(asyncio.create_task(relay.run()))
    await write(publisher, numbered(0, 3))
    await published(publisher.state.redis, settings.redis_prefix, 3)
    assert not failures


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
    feed = feed_of(publisher, issuer)
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
        await published(full, settings.redis_prefix, 1400)
    finally:
        await end(*running)
        await full.aclose()
        server.stop()
        shutil.rmtree(sockets)
