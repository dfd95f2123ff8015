"""Killed while statements come in and go out: what was acknowledged is there once, and has been sent on.

`kill -9` of the service, an immediate stop and a `kill -9` of PostgreSQL, in turn; the moments are chosen by
how much was acknowledged. Tools send again what got no answer, as they do. `FAULTS` says how often.
"""

import asyncio
import base64
import hashlib
import json
import os
import signal
from collections import Counter
from collections.abc import Callable
from typing import Any
from uuid import UUID

import asyncpg
import httpx

from libs.common.database import Database
from libs.common.ids import new_id
from services.creditbank.xapi.subscriptions.seals import Seals
from tests.integration.creditbank.faults.conftest import Running
from tests.integration.creditbank.xapi.conftest import basic
from tests.integration.creditbank.xapi.receiving import receiving
from tests.integration.creditbank.xapi.statements import about, activity, fresh, statement

KILLS = int(os.environ.get("FAULTS", "6"))
TOOLS = 6
_STORE = """
with place as (
  insert into institution (id, version, status, type, name, ancestors)
  values ($1, 1, 'active', 'school', 'S', array[$1::uuid])
), credential as (
  insert into xapi_credential (id, organisation, name, username, digest, scopes)
  values ($2, $1, 'Tool', 'tool', $3, '{all}')
)
insert into xapi_subscription (id, organisation, name, kind, address, filters, sealed, position)
values ($4, $1, 'Others', 'webhook', $5, '{}', $6, 0)
"""


class Tools:
    """Tools that send bundles, and remember which ids were acknowledged."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http
        self._headers = {"X-Experience-API-Version": "1.0.3", **basic("tool", "password")}
        self._shared = [fresh("activity") for _ in range(10)]
        self.acknowledged: list[str] = []
        self.unanswered = 0
        self._reached = asyncio.Condition()

    async def work(self, number: int, goes_on: Callable[[], bool]) -> None:
        """Bundles over shared activities, some statements about the one before, until it is enough."""
        count = 0
        while goes_on():
            count += 1
            named = activity(self._shared[(number + count) % 10], name={"en": f"{number} {count}"})
            bundle = [statement(object=named) for _ in range(1 if count % 3 else 25)]
            if count % 5 == 0:
                bundle.append(about(bundle[0]))
            await self._send(bundle)

    async def _send(self, bundle: list[dict[str, Any]]) -> None:
        while True:
            try:
                answer = await self._http.post("/xapi/statements", json=bundle, headers=self._headers)
            except httpx.TransportError:
                answer = None
            if answer is not None and answer.status_code != 503:
                break
            self.unanswered += 1
            await asyncio.sleep(0.02)
        assert answer.status_code == 200, answer.text
        async with self._reached:
            self.acknowledged += answer.json()
            self._reached.notify_all()

    async def reach(self, count: int) -> None:
        async with self._reached:
            await self._reached.wait_for(lambda: len(self.acknowledged) >= count)

    async def stored(self) -> list[str]:
        """All ids of the store, page by page."""
        found: list[str] = []
        path = "/xapi/statements?limit=500&format=ids"
        while path:
            page = (await self._http.get(path, headers=self._headers)).json()
            found += [one["id"] for one in page["statements"]]
            path = page["more"]
        return found


async def test_statements_survive_kills_and_are_sent_on(running: Running) -> None:
    school, subscription = new_id(), new_id()
    with receiving() as target:
        refusing = iter(range(10**9))
        target.answer = lambda _body: 500 if next(refusing) % 4 == 3 else 204
        await _prepare(running, school, subscription, target.address)
        tools, working = Tools(running.http), True
        others = [asyncio.create_task(tools.work(n, lambda: working)) for n in range(TOOLS)]
        killing = asyncio.create_task(_kill(running, tools))
        try:
            await asyncio.wait([killing, *others], return_when=asyncio.FIRST_COMPLETED)
            for task in [one for one in (killing, *others) if one.done()]:
                task.result()
            working = False
            await asyncio.gather(*others)
        finally:
            for task in (killing, *others):
                task.cancel()
            await asyncio.gather(killing, *others, return_exceptions=True)
        assert tools.unanswered >= 1, "the load was there when it happened"
        assert Counter(await tools.stored()) == Counter(tools.acknowledged)
        connection = await Database(running.store.database, name="test of faults").connect()
        await _nothing_half_stored(connection, school)
        await _all_is_sent(connection, subscription)
        await connection.close()
    sent = {one["id"] for _, _, body in target.received for one in json.loads(body)["statements"]}
    assert sent == set(tools.acknowledged)


async def _prepare(running: Running, school: UUID, subscription: UUID, address: str) -> None:
    seals = Seals(running.settings.key_encryption_key.get_secret_value())
    owner = await asyncpg.connect(running.store.migrations_database)
    await owner.execute(
        _STORE,
        *(school, new_id(), hashlib.sha256(b"password").digest(), subscription, address),
        seals.seal(subscription, base64.b64decode("c2VjcmV0")),
    )
    await owner.close()


async def _kill(running: Running, tools: Tools) -> None:
    for number in range(KILLS):
        await tools.reach(len(tools.acknowledged) + 60 + 17 * number % 40)
        if number % 3 == 0:
            await running.service.kill()
            await running.service.start()
        else:
            await running.server.crash((signal.SIGQUIT, signal.SIGKILL)[number % 3 - 1])
    await tools.reach(len(tools.acknowledged) + 60)


async def _nothing_half_stored(connection: Any, school: UUID) -> None:
    """Each statement that is about another one is found by it, and whom each mentions is known."""
    missing = await connection.fetchval(
        "select count(*) from xapi_statement s where s.organisation = $1 and ("
        " (s.target is not null and not exists (select from xapi_echo e"
        "   where e.organisation = s.organisation and e.position = s.position and e.depth = 1))"
        " or exists (select from unnest(s.mentions) k where not exists (select from xapi_mention m"
        "   where m.key = k and m.position = s.position and m.depth = 0)))",
        school,
    )
    assert missing == 0


async def _all_is_sent(connection: Any, subscription: UUID) -> None:
    """Wait for the worker, whose pauses after a failure are let pass at once."""
    waiting = (
        "select exists (select from xapi_delivery where subscription = $1) or exists ("
        " select from xapi_subscription s join xapi_statement t"
        " on t.organisation = s.organisation and t.position > s.position where s.id = $1)"
    )
    while await connection.fetchval(waiting, subscription):
        await connection.execute(
            "update xapi_subscription set next_at = least(next_at, now()) where id = $1", subscription
        )
        await asyncio.sleep(0.1)
    assert not await connection.fetchval(
        "select exists (select from xapi_delivery where subscription = $1 and dead)", subscription
    )
