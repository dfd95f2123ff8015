"""The feed by HTTP, and the promise of up to when everything is known."""

import asyncio
from uuid import uuid4

import httpx
from fastapi import FastAPI

from libs.common.database import Database
from libs.common.feed import SCOPE
from libs.common.inbox import FeedPage
from libs.common.relay import BATCH, Relay, head_key
from libs.common.settings import ServiceSettings
from tests.integration.common.events.floor_events import feed_of, numbered, published, write
from tests.integration.common.floor_app import AUDIENCE
from tests.issuer import Issuer, bearer


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
    feed = feed_of(publisher, issuer)
    page: FeedPage = await feed.read(10, 5)
    assert [event.sequence for event in page.events] == [11, 12, 13, 14, 15]
    async with httpx.AsyncClient(transport=httpx.ASGITransport(publisher)) as client:
        headers = bearer(issuer.client(None, AUDIENCE, SCOPE))
        assert (await client.get("http://floor.example/events?after=3", headers=headers)).status_code == 410


async def test_what_waits_for_its_number_is_not_told_as_known(publisher: FastAPI, issuer: Issuer) -> None:
    await write(publisher, numbered(0, 5))
    feed = feed_of(publisher, issuer)
    page: FeedPage = await feed.read(0, 5)
    oldest = await publisher.state.database.pool.fetchval("select min(time) from outbox")
    assert page.events == []
    assert page.time < oldest


async def test_a_relay_with_more_than_a_batch_to_do_promises_nothing(
    publisher: FastAPI,
    relay: Relay,
    settings: ServiceSettings,
    issuer: Issuer,
    running: list["asyncio.Task[None]"],
) -> None:
    """The second batch is held up: what was recorded is published in part, and nobody is told of a moment."""
    await write(publisher, numbered(0, BATCH + 1))
    database: Database = publisher.state.database
    holding = await database.connect()
    async with holding.transaction():
        await holding.execute("select from outbox order by position desc limit 1 for update")
        running.append(asyncio.create_task(relay.run()))
        await published(publisher.state.redis, settings.redis_prefix, BATCH)
        head = head_key(settings.redis_prefix, "floor")
        assert await publisher.state.redis.get(head) is None
        page: FeedPage = await feed_of(publisher, issuer).read(BATCH, 5)
        newest = await database.pool.fetchval("select max(time) from outbox")
        assert (page.head, page.events) == (BATCH, [])
        assert page.time < newest
    await holding.close()
    await published(publisher.state.redis, settings.redis_prefix, BATCH + 1)
    async with asyncio.timeout(5):
        while not (said := await publisher.state.redis.get(head)):
            await asyncio.sleep(0.02)
    assert said.decode().split(" ")[0] == str(BATCH + 1)
