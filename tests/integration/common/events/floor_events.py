"""The floor's events: who writes them, who reads them, and how far they have got."""

import asyncio
from collections.abc import Sequence

import asyncpg
import httpx
from fastapi import FastAPI
from redis.asyncio import Redis

from libs.common.database import Database
from libs.common.events import Event, json_array
from libs.common.feed import SCOPE, FeedClient
from libs.common.inbox import Inbox
from libs.common.relay import Relay, stream_key
from libs.common.service_client import CallFailed, ServiceClient
from libs.common.settings import ServiceSettings
from tests.integration.common.floor_app import AUDIENCE
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


def feed_of(app: FastAPI, issuer: Issuer) -> FeedClient:
    """The publisher's feed for a reader with its scope."""
    client = InProcess(app, issuer.client(None, AUDIENCE, SCOPE))
    return FeedClient(client, "http://floor.example", AUDIENCE)


def make_relay(app: FastAPI, settings: ServiceSettings) -> Relay:
    return Relay(
        app.state.database,
        app.state.redis,
        service="floor",
        prefix=settings.redis_prefix,
        retention_days=90,
    )


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


async def published(redis: "Redis", prefix: str, count: int) -> str:
    """Wait until the stream has that many entries; its name."""
    stream = stream_key(prefix, "floor")
    async with asyncio.timeout(20):
        while await redis.xlen(stream) < count:
            await asyncio.sleep(0.02)
    return stream
