"""Hands moves that are under way to the other nodes, until each is settled or returned."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final
from uuid import UUID

import orjson
from pydantic import ValidationError

from libs.common import logs
from libs.common.database import Database, is_passing, retrying
from libs.common.ids import new_id
from libs.common.problems import NotFound
from libs.common.service_client import CallFailed, ServiceClient
from services.creditbank.callers import MOVE
from services.creditbank.learners.keys import KeyRing
from services.creditbank.log.problems import NotInTheLogYet
from services.creditbank.log.service import LogReader
from services.creditbank.moves import repository, service
from services.creditbank.moves.receipts import Receipt
from services.creditbank.moves.repository import OpenMove
from services.creditbank.moves.rules import WITHDRAWN, pause_s
from services.creditbank.settings import AUDIENCE, CreditbankSettings, Neighbour

ENDED: Final = "move.ended"
FAILED: Final = "move.failed"
_MOST: Final = 500

#: sends a body to a path of another node; status and body of the answer
Send = Callable[[Neighbour, str, bytes], Awaitable[tuple[int, bytes]]]


def sender(client: ServiceClient) -> Send:
    """Sends with this service's own client."""

    async def send(node: Neighbour, path: str, body: bytes) -> tuple[int, bytes]:
        return await client.post(f"{node.address}{path}", body, audience=AUDIENCE, scope=MOVE)

    return send


class Mover:
    """Goes through the open moves of one database. Several may: what is done twice has one effect."""

    def __init__(
        self, database: Database, settings: CreditbankSettings, keys: KeyRing, reader: LogReader, send: Send
    ) -> None:
        self._database = database
        self._settings = settings
        self._keys = keys
        self._reader = reader
        self._send = send
        self._log = logs.logger(__name__)

    async def run(self) -> None:
        """For ever, pausing between; a store or a node that is away is waited for."""
        while True:
            try:
                await self.work_through()
            except Exception as error:
                if not is_passing(error):
                    self._log.exception(FAILED)
            await asyncio.sleep(self._settings.move_interval_seconds)

    async def work_through(self, *, at_once: bool = False) -> int:
        """Hand over what is due; how many moves ended. `at_once` does not wait between tries."""
        ended = 0
        for move in await repository.open_moves(self._database.pool, _MOST):
            pause = pause_s(move.tries, self._settings.move_interval_seconds)
            if at_once or move.rested_s >= pause:
                ended += await self._hand_over(move)
        return ended

    async def _hand_over(self, move: OpenMove) -> bool:
        node = self._settings.neighbour(move.destination)
        if node is None:
            await repository.note(self._database.pool, move.id, "node_unknown")
            return False
        try:
            path, body = await self._message(move)
        except NotInTheLogYet:
            return False
        except NotFound:  # erased since it was looked at
            path, body = self._back(move)
        try:
            status, answer = await self._send(node, path, body)
            if status != 200:
                await repository.note(self._database.pool, move.id, _trouble(status, answer))
                return False
            receipt = Receipt.model_validate_json(answer)
        except (CallFailed, ValidationError) as error:
            await repository.note(self._database.pool, move.id, type(error).__name__)
            return False
        return receipt.move == move.id and await self.conclude(receipt)

    async def _message(self, move: OpenMove) -> tuple[str, bytes]:
        if move.withdrawn or move.is_forgotten:
            return self._back(move)
        document = await service.document(self._database.pool, self._reader, self._keys, move.id)
        return "/v1/arrivals", orjson.dumps(document.model_dump())

    def _back(self, move: OpenMove) -> tuple[str, bytes]:
        return f"/v1/arrivals/{move.id}/refusal", orjson.dumps({"reason": WITHDRAWN})

    async def conclude(self, receipt: Receipt) -> bool:
        """Do what the other node's last word asks for; whether the move was open."""

        async def once() -> bool:
            pool = self._database.pool
            if receipt.state == "applied":
                return await repository.settle(pool, receipt.move)
            return await self._give_back(receipt.move, receipt.reason or "")

        done = await retrying(once)
        if done:
            self._log.info(ENDED, move=str(receipt.move), state=receipt.state, reason=receipt.reason)
        return done

    async def _give_back(self, move: UUID, why: str) -> bool:
        pool = self._database.pool
        accounts = await repository.books_of(pool, move)
        entries = [new_id() for _ in accounts]
        salts = await service.salts(pool, self._keys, accounts, entries)
        return await repository.give_back(pool, move, why, accounts, entries, salts)


def _trouble(status: int, answer: bytes) -> str:
    """What another node's problem is called; nothing of what it says of anybody."""
    try:
        document = orjson.loads(answer)
        slug = str(document["type"]).rpartition("/")[2]
        reason = str(document.get("reason", ""))
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
        return f"status {status}"
    return f"{status} {slug} {reason}".strip()[:200]
