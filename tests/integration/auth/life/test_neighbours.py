"""A merge and an erasure as the other services live through them: over the real stream, with real tokens."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI

from infra.dev.stores import ServiceStore
from services.auth.app import build as build_auth
from services.creditbank.app import build as build_creditbank
from services.creditbank.books.service import audit
from services.creditbank.learners.keys import KeyRing
from services.creditbank.settings import CreditbankSettings
from services.spaces.app import build as build_spaces
from services.spaces.settings import SpacesSettings
from tests.integration.auth.conftest import settings_of
from tests.integration.auth.life.records import Records, merge
from tests.integration.auth.life.test_erasure import due
from tests.integration.auth.places import ADDRESS, Place, Somebody, connection

Answer = dict[str, Any]
NOWHERE = "http://127.0.0.1:9"


@dataclass
class Neighbours:
    """The two other services beside auth, on its streams."""

    spaces: FastAPI
    bank: FastAPI

    async def of(self, app: FastAPI, who: Somebody, path: str) -> httpx.Response:
        async with connection(app) as http:
            return await http.get(path, headers={"Authorization": who.http.headers["Authorization"]})

    async def portfolio(self, who: Somebody) -> httpx.Response:
        return await self.of(self.spaces, who, "/v1/portfolio")

    async def account(self, who: Somebody) -> Answer:
        found: Answer = (await self.of(self.bank, who, "/v1/accounts/me")).json()
        return found


def values(store: ServiceStore, auth: FastAPI) -> dict[str, Any]:
    return {
        "environment": "development",
        "database": store.database,
        "redis": store.redis,
        "redis_prefix": auth.state.settings.redis_prefix,
        "issuer": ADDRESS,
        "auth_address": NOWHERE,
        "requests_per_minute": 0,
        "log_level": "ERROR",
    }


@pytest.fixture
async def auth_app(fresh_database: Callable[[str], ServiceStore]) -> AsyncIterator[FastAPI]:
    """auth with a stream of its own: other tests' erasures leave gaps in theirs, and nobody serves a feed."""
    app = build_auth(settings_of(fresh_database("auth")))
    async with app.router.lifespan_context(app):
        await app.state.identity.refresh()
        yield app


@pytest.fixture
async def neighbours(
    auth_app: FastAPI, fresh_database: Callable[[str], ServiceStore]
) -> AsyncIterator[Neighbours]:
    """On databases of their own as well: only one service reads a stream."""
    bank = build_creditbank(
        CreditbankSettings(**values(fresh_database("creditbank"), auth_app)),
        keys=lambda _app: auth_app.state.keys.verification_keys,
    )
    spaces = build_spaces(
        SpacesSettings(**values(fresh_database("spaces"), auth_app), creditbank_address=NOWHERE),
        keys=lambda _app: auth_app.state.keys.verification_keys,
    )
    async with bank.router.lifespan_context(bank), spaces.router.lifespan_context(spaces):
        yield Neighbours(spaces, bank)


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    """Waits for news to arrive."""
    async with asyncio.timeout(60):
        while not await holds():
            await asyncio.sleep(0.05)


async def totals(neighbours: Neighbours, who: Somebody) -> tuple[str, str] | None:
    """The person's credits as the portfolio and the bank have them; None until both know the person."""
    shown = await neighbours.portfolio(who)
    accounts = (await neighbours.account(who))["accounts"]
    if shown.status_code != 200 or not accounts or not shown.json()["credits"]["totals"]:
        return None
    return shown.json()["credits"]["totals"][0]["amount"], accounts[0]["available"]


async def test_the_neighbours_live_through_a_merge_and_an_erasure(
    here: Place, records: Records, neighbours: Neighbours
) -> None:
    school = await here.organisation()
    other, survivor = await here.somebody(school), await here.somebody(school)
    group = await records.group(school, other.id)
    await records.pool.execute("select record_classes($1, null)", [group])
    course = await records.pool.fetchval(
        "insert into course (organisation_id, title) values ($1, 'A course') returning id", school
    )
    await records.pool.execute("select record_courses($1, null)", [course])
    client = await here.client(school, "credits.post")
    form = {"grant_type": "client_credentials", "resource": "urn:xuebu:creditbank"}
    async with connection(here.app) as http:
        pair = (client["client_id"], client["client_secret"])
        machine = (await http.post("/oauth/token", data=form, auth=pair)).json()["access_token"]

    async def post(key: str, learner: UUID, amount: str) -> None:
        item = {"key": key, "learner": {"id": str(learner)}, "course": {"id": str(course)}}
        body = {"items": [item | {"credits": amount, "earned_on": "2026-06-30"}]}
        async with connection(neighbours.bank, token=machine) as http:
            answer = await http.post("/v1/deposits", json=body)
            assert (answer.status_code, answer.json()["posted"]) == (200, 1), answer.text

    async def known() -> bool:
        bank = neighbours.bank.state.database.pool
        ids = "select count(*) from learner where id = any($1)"
        course_known = await bank.fetchval("select count(*) from outcome where id = $1", course)
        people_known = await bank.fetchval(ids, [other.id, survivor.id])
        return (course_known, people_known) == (1, 2)

    await until(known)
    await post("1", other.id, "1.50")
    await post("2", survivor.id, "2.00")
    await until(lambda: _are(neighbours, (other, "1.50"), (survivor, "2.00")))
    assert (await merge(here.admin.http, survivor.id, other.id)).status_code == 204
    await until(lambda: _are(neighbours, (other, "3.50"), (survivor, "3.50")))
    await post("3", other.id, "0.25")
    await until(lambda: _are(neighbours, (survivor, "3.75")))
    shown = (await neighbours.portfolio(survivor)).json()
    assert (shown["person"]["id"], [one["id"] for one in shown["classes"]]) == (
        str(survivor.id),
        [str(group)],
    )
    issued = f"/v1/institutions/{school}/totals"
    async with connection(neighbours.bank, token=machine) as http:
        before = (await http.get(issued)).json()
        assert (await here.admin.http.post(f"/v1/people/{survivor.id}/erasure")).status_code == 202
        await due(records, survivor.id)

        async def gone() -> bool:
            return (await neighbours.portfolio(survivor)).status_code == 404 and (
                await neighbours.account(survivor)
            )["accounts"] == []

        await until(gone)
        assert (await http.get(issued)).json() == before
    for who in (other, survivor):
        assert (await neighbours.portfolio(who)).status_code == 404
        assert (await neighbours.account(who))["accounts"] == []
    secret = neighbours.bank.state.settings.key_encryption_key.get_secret_value()
    books = await neighbours.bank.state.database.connect()
    assert await audit(books, KeyRing(secret)) == []
    await books.close()


async def _are(neighbours: Neighbours, *expected: tuple[Somebody, str]) -> bool:
    """Whether portfolio and bank agree that these people have these credits."""
    return all([await totals(neighbours, who) == (amount, amount) for who, amount in expected])
