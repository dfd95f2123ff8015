"""Erasure and the stream of events, on stores of its own: others read theirs without gaps."""

import asyncio
from collections.abc import AsyncIterator, Callable
from uuid import uuid4

import pytest
from fastapi import FastAPI

from infra.dev.stores import ServiceStore
from libs.common.relay import stream_key
from services.auth.app import build
from tests.integration.auth.conftest import settings_of
from tests.integration.auth.life.records import Records
from tests.integration.auth.places import Place, new_place


@pytest.fixture
async def alone(fresh_database: Callable[[str], ServiceStore]) -> AsyncIterator[Place]:
    app: FastAPI = build(settings_of(fresh_database("auth")))
    async with app.router.lifespan_context(app):
        await app.state.identity.refresh()
        yield await new_place(app)


async def test_the_stream_forgets_the_erased(alone: Place) -> None:
    records, name = Records(alone), uuid4().hex
    person = await alone.person(alone.root, "staff", given_name=name)
    redis, stream = alone.app.state.redis, stream_key(alone.app.state.settings.redis_prefix, "auth")

    async def is_told() -> bool:
        return any(name.encode() in fields[b"data"] for _, fields in await redis.xrange(stream))

    async with asyncio.timeout(20):
        while not await is_told():
            await asyncio.sleep(0.05)
    assert (await alone.admin.http.post(f"/v1/people/{person}/erasure")).status_code == 202
    await records.pool.execute("update erasure set due_at = now() where person_id = $1", person)
    await alone.app.state.eraser.look()
    assert not await is_told()
    assert [kind for kind, _ in await records.events(person)][-1] == "auth.person.erased.v1"
