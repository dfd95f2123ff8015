"""Brings statements to where they are wanted, in the order they were stored, from PostgreSQL alone.

A subscription has one delivery under way. What is not accepted is tried again, later and later; what a target
says is wrong is halved until the culprit stands alone. What is given up is a dead letter, and the next
ones go on. Each arrives at least once: a delivery keeps its id, and statements have theirs.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, cast
from uuid import UUID

import asyncpg
import orjson

from libs.common import tasks
from libs.common.database import Database
from libs.common.ids import new_id
from libs.common.recurring import Recurring
from services.creditbank.tables import Connection
from services.creditbank.xapi.protocol.rules import Version
from services.creditbank.xapi.readings import service as readings
from services.creditbank.xapi.readings.rules import NOBODY
from services.creditbank.xapi.statements import multipart
from services.creditbank.xapi.statements import repository as statements
from services.creditbank.xapi.statements.horizon import Horizon
from services.creditbank.xapi.subscriptions import repository
from services.creditbank.xapi.subscriptions.rules import (
    MOST_ATTEMPTS,
    first_that_fit,
    is_blaming,
    pause_s,
    signature,
)
from services.creditbank.xapi.subscriptions.seals import Seals
from services.creditbank.xapi.subscriptions.sending import Send, TargetFailed

FAILED: Final = "xapi.delivering_failed"
_SHIFT: Final = 20
_MOST: Final = 500
#: targets that are waited for at a time, and deliveries until another subscription may have the place
_AT_ONCE: Final = 16
_MOST_IN_TURN: Final = 100
#: connections at a time: requests go before
_MOST_CONNECTIONS: Final = 2
_JSON: Final = "application/json"


@dataclass(frozen=True, slots=True)
class _Taken:
    """One delivery that is this worker's, or none where only the window moved on."""

    subscription: asyncpg.Record
    delivery: UUID | None = None
    positions: Sequence[int] = ()
    attempts: int = 0
    rows: Sequence[asyncpg.Record] = ()
    kind: str = "stored"
    ids: Sequence[UUID] = ()


class Deliverer:
    """Delivers for all organisations of one database.

    Several may: each subscription is one worker's at a time.
    """

    def __init__(
        self, database: Database, horizon: Horizon, seals: Seals, send: Send, every_s: float
    ) -> None:
        self._database, self._horizon, self._seals, self._send = database, horizon, seals, send
        self._every_s = every_s
        self._under_way: dict[UUID, asyncio.Task[None]] = {}
        self._connections = asyncio.Semaphore(_MOST_CONNECTIONS)

    async def run(self) -> None:
        """For ever; a store that is away is waited for. Ended, it leaves nothing under way."""
        try:
            await Recurring(self._work, failed=FAILED, retry_seconds=self._every_s).run()
        finally:
            await tasks.end(*self._under_way.values())

    async def _work(self) -> float:
        """Look after those that are due, each apart: one whose target is slow is waited for by no other."""
        under_way, begun = self._under_way, []
        for one in await repository.due(self._database.pool, _MOST):
            if len(under_way) < _AT_ONCE and one not in under_way:
                under_way[one] = asyncio.create_task(self._look_after(one))
                begun.append(under_way[one])
        if begun:
            await asyncio.wait(begun, timeout=self._every_s, return_when=asyncio.FIRST_COMPLETED)
        ended = [under_way.pop(one) for one, task in list(under_way.items()) if task.done()]
        for failed in filter(None, [task.exception() for task in ended]):
            raise failed
        return self._every_s

    async def _look_after(self, subscription: UUID) -> None:
        """Some deliveries, one after the other, while there is anything to do."""
        for _ in range(_MOST_IN_TURN):
            if not await self.work(subscription):
                return

    async def work(self, subscription: UUID) -> bool:
        """One step for one subscription; whether there may be another one at once."""
        through = await self._horizon.through()
        end = int(through.timestamp() * 1000) << _SHIFT
        async with self._connections, self._database.pool.acquire() as pooled, pooled.transaction():
            taken = await self._take(cast("Connection", pooled), subscription, end)
        if taken is None:
            return False
        if taken.delivery is None:
            return True
        status, error = None, None
        try:
            if taken.rows or taken.ids:
                status = await self._deliver(taken)
        except TargetFailed as failure:
            error = str(failure)
        if status is not None and not 200 <= status < 300:
            error = f"status {status}"
        async with self._connections, self._database.pool.acquire() as pooled, pooled.transaction():
            await self._settle(cast("Connection", pooled), taken, status, error)
        return error is None or is_blaming(status)

    async def _take(self, connection: Connection, subscription: UUID, end: int) -> _Taken | None:
        found = await repository.take(connection, subscription)
        if found is None:
            return None
        pending = await repository.pending(connection, subscription)
        if pending is not None and pending["ids"] is not None:
            kind, ids = pending["kind"], pending["ids"]
            return _Taken(found, pending["id"], attempts=pending["attempts"], kind=kind, ids=ids)
        if pending is None and found["status"] == "ending":
            await repository.set_status(connection, subscription, "ended")
            return None
        if pending is None:
            window = await repository.window(connection, found, end)
            if window["last"] is None:
                await repository.free(connection, subscription, 0, 0, None)
                return None
            wanted = window["positions"] or []
            positions = first_that_fit(wanted, window["sizes"] or [])
            last = positions[-1] if len(positions) < len(wanted) else window["last"]
            delivery = new_id()
            await repository.begin(connection, subscription, delivery, positions, last)
            if not positions:
                await repository.free(connection, subscription, 0, 0, None)
                return _Taken(found)
            attempts = 0
        else:
            delivery, positions, attempts = pending["id"], pending["positions"], pending["attempts"]
        rows = await repository.bodies(connection, found["organisation"], positions)
        return _Taken(found, delivery, positions, attempts, rows)

    async def _settle(
        self, connection: Connection, taken: _Taken, status: int | None, error: str | None
    ) -> None:
        subscription, positions = taken.subscription["id"], list(taken.positions)
        assert taken.delivery is not None, "there was something to deliver"
        await repository.hold(connection, subscription)
        if error is None:
            arrived = len(taken.rows) if await repository.end(connection, taken.delivery) else 0
            await repository.free(connection, subscription, 0, arrived, None)
            if arrived:
                await readings.record(
                    connection,
                    taken.subscription["organisation"],
                    NOBODY,
                    ("subscription", subscription),
                    "delivery",
                    arrived,
                )
        elif is_blaming(status) and len(positions) > 1:
            if await repository.end(connection, taken.delivery):
                middle = len(positions) // 2
                halves = [(new_id(), positions[:middle]), (new_id(), positions[middle:])]
                await repository.split(connection, subscription, halves)
            await repository.free(connection, subscription, 0, 0, error)
        else:
            dead = is_blaming(status) or taken.attempts + 1 >= MOST_ATTEMPTS
            await repository.failed(connection, taken.delivery, error, dead=dead)
            pause = 0 if dead else pause_s(taken.attempts)
            await repository.free(connection, subscription, pause, 0, error)

    async def _deliver(self, taken: _Taken) -> int:
        one = taken.subscription
        secret = self._seals.open(one["id"], one["sealed"])
        if one["kind"] == "webhook":
            return await self._call_webhook(taken, secret)
        status = 204
        for version, rows in _by_version(taken.rows):
            status = await self._store(one, secret, version, rows)
            if not 200 <= status < 300:
                break
        return status

    async def _call_webhook(self, taken: _Taken, secret: bytes) -> int:
        """Signed as Standard Webhooks has it."""
        one, identifier, now = taken.subscription, str(taken.delivery), int(time.time())
        told = f'"subscription":"{one["id"]}","organisation":"{one["organisation"]}"'
        if taken.ids:
            what = b'"ids":' + orjson.dumps([str(each) for each in taken.ids])
        else:
            what = b'"statements":[' + b",".join(row["body"] for row in taken.rows) + b"]"
        body = f'{{"type":"statements.{taken.kind}",{told},'.encode() + what + b"}"
        headers = {
            "Content-Type": _JSON,
            "webhook-id": identifier,
            "webhook-timestamp": str(now),
            "webhook-signature": signature(secret, identifier, now, body),
        }
        return await self._send(one["address"], headers, body)

    async def _store(
        self, one: asyncpg.Record, authorization: bytes, version: Version, rows: Sequence[asyncpg.Record]
    ) -> int:
        """POST to another record store (xAPI 1.0.3, part three, 2.1.2), with the contents that are here."""
        body = b"[" + b",".join(row["body"] for row in rows) + b"]"
        hashes = sorted({sha2 for row in rows for sha2 in row["attachments"] or ()})
        content_type = _JSON
        if hashes:
            contents = await statements.attachments(self._database.pool, one["organisation"], hashes)
            types = _types(rows)
            content_type, body = multipart.write(
                body,
                [(sha2, types.get(sha2, "application/octet-stream"), contents[sha2]) for sha2 in contents],
            )
        headers = {
            "Content-Type": content_type,
            "Authorization": authorization.decode(),
            "X-Experience-API-Version": version,
        }
        return await self._send(f"{one['address'].rstrip('/')}/statements", headers, body)


def _by_version(rows: Sequence[asyncpg.Record]) -> list[tuple[Version, list[asyncpg.Record]]]:
    """Statements by the version they are of, in their order."""
    found: list[tuple[Version, list[asyncpg.Record]]] = []
    for row in rows:
        said = orjson.loads(row["body"]).get("version", "1.0.0")
        version: Version = "2.0.0" if said.startswith("2.") else "1.0.3"
        if not found or found[-1][0] != version:
            found.append((version, []))
        found[-1][1].append(row)
    return found


def _types(rows: Sequence[asyncpg.Record]) -> dict[str, str]:
    """Media types of attachments by hash."""
    read: list[dict[str, Any]] = [orjson.loads(row["body"]) for row in rows if row["attachments"]]
    return {
        attachment["sha2"].lower(): attachment["contentType"]
        for statement in read
        for attachment in statement.get("attachments", ())
    }
