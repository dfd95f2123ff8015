"""Events come through the real stream: exactly once, and the answer says up to when."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

import httpx
from fastapi import FastAPI

from infra.dev.stores import ServiceStore
from libs.common.events import Event
from libs.common.ids import new_id
from libs.common.relay import head as told
from libs.common.relay import head_key, stream_key
from services.spaces.app import build
from tests.integration.spaces.conftest import settings_of
from tests.integration.spaces.world import (
    CREDITS,
    ORGANISATION,
    PERSON,
    World,
    credits_posted,
    event,
    organisation,
    person,
)
from tests.issuer import Issuer


async def publish(app: FastAPI, source: str, events: list[Event], head: int) -> None:
    """What the neighbour's relay does: entries under their numbers, then the newest number and the time."""
    prefix = app.state.settings.redis_prefix
    for one in events:
        fields: dict[str | bytes, str | bytes] = {
            "id": one.id.bytes,
            "type": one.type,
            "subject": one.subject,
            "time": one.time.isoformat(),
            "data": one.data,
        }
        await app.state.redis.xadd(stream_key(prefix, source), fields, id=f"{one.sequence}-0")
    await app.state.redis.set(head_key(prefix, source), told(head, datetime.now(UTC)))


async def current(world: World, who: UUID) -> dict[str, object]:
    """The portfolio once both sources are current."""
    for _ in range(200):
        answer = await world.get(who, "/v1/portfolio")
        if answer.status_code == 200 and all(one["current"] for one in answer.json()["sources"].values()):
            found: dict[str, object] = answer.json()
            return found
        await asyncio.sleep(0.05)
    raise AssertionError(answer.text)


async def test_the_stream_is_applied_once_also_over_a_restart(
    fresh_database: Callable[[str], ServiceStore], issuer: Issuer
) -> None:
    settings = settings_of(fresh_database("spaces"), issuer)
    school, who = new_id(), new_id()
    told = [
        event(ORGANISATION, organisation("School", "school", ident=school), 1),
        event(PERSON, person("Ann Lee", [("student", school)], ident=who), 2),
    ]
    paid = [event(CREDITS, credits_posted(school, [(who, "1.25")]), n) for n in (1, 2, 3)]
    for start in (1, 2):
        app = build(settings, keys=lambda _app: issuer.source())
        async with app.router.lifespan_context(app):
            await app.state.identity.refresh()
            if start == 1:
                await publish(app, "auth", told, 2)
                await publish(app, "creditbank", paid[:2], 2)
            else:
                await publish(app, "auth", [], 2)
                await publish(app, "creditbank", paid[2:], 3)
            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(transport=transport, base_url="http://spaces.example") as http:
                found = await current(World(app, http, issuer), who)
                amount = f"{1.25 * (start + 1):.2f}"
                totals = [{"scheme": "school", "amount": amount, "redeemed": "0.00", "entries": start + 1}]
                assert found["credits"]["totals"] == totals  # type: ignore[index]
