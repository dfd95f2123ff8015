"""What operators do with moves; every command answers with lines of JSON."""

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from pydantic import ValidationError

from libs.common.database import Database
from libs.common.problems import Problem
from libs.common.service_client import CallFailed, ServiceClient
from services.creditbank.callers import MOVE
from services.creditbank.learners.keys import KeyRing
from services.creditbank.log.commands import CommandFailed
from services.creditbank.log.service import LogReader
from services.creditbank.moves import receiving, repository, service
from services.creditbank.moves.documents import MoveDocument
from services.creditbank.moves.mover import Mover, sender
from services.creditbank.moves.receipts import Receipt
from services.creditbank.moves.reconciling import differences
from services.creditbank.settings import AUDIENCE, CreditbankSettings

_MOST: Final = 10_000
Answer = list[dict[str, Any]]


class Desk:
    """The acts of the command `moves` on one database."""

    def __init__(self, settings: CreditbankSettings, database: Database, client: ServiceClient) -> None:
        self._settings = settings
        self._database = database
        self._client = client
        self._keys = KeyRing(settings.key_encryption_key.get_secret_value())
        self._reader = LogReader(settings.log_directory)

    async def list(self, _argument: str | None) -> Answer:
        """Open moves, the oldest first."""
        return [
            {
                "move": str(one.id),
                "to": one.destination,
                "age_seconds": round(one.age_s),
                "tries": one.tries,
                "withdrawn": one.withdrawn,
                "trouble": one.trouble,
            }
            for one in await repository.open_moves(self._database.pool, _MOST)
        ]

    async def document(self, argument: str | None) -> Answer:
        """The document of a move, to be carried as a file."""
        made = await service.document(self._database.pool, self._reader, self._keys, _identifier(argument))
        return [made.model_dump()]

    async def receive(self, argument: str | None) -> Answer:
        """Take in the document in a file; answers with the receipt."""
        document = MoveDocument.model_validate_json(_content(argument))
        origin = json.loads(document.statement).get("from")
        node = self._settings.neighbour(str(origin))
        if node is None:
            raise CommandFailed(f"there is no node {origin!r} in the settings")
        receipt = await receiving.receive(self._database, self._keys, self._settings.node, node, document)
        return [receipt.model_dump(mode="json")]

    async def settle(self, argument: str | None) -> Answer:
        """Do what the receipt in a file asks for."""
        receipt = Receipt.model_validate_json(_content(argument))
        mover = Mover(self._database, self._settings, self._keys, self._reader, sender(self._client))
        return [{"move": str(receipt.move), "ended": await mover.conclude(receipt)}]

    async def withdraw(self, argument: str | None) -> Answer:
        """Want a move back; the server asks the other node."""
        move = _identifier(argument)
        return [{"move": str(move), "withdrawn": await repository.withdraw(self._database.pool, move)}]

    async def reconcile(self, _argument: str | None) -> Answer:
        """What went to and came from each node, here and there; fails where the two do not agree."""
        found: Answer = []
        for node in self._settings.nodes:
            own = json.loads(await repository.transit(self._database.pool, node.name))
            theirs = json.loads(
                await self._client.get(f"{node.address}/v1/transit", audience=AUDIENCE, scope=MOVE)
            )
            wrong = differences(own, theirs)
            found.append({"node": node.name, "here": own, "there": theirs, "differences": wrong})
        if any(one["differences"] for one in found):
            raise CommandFailed(json.dumps(found, ensure_ascii=False))
        return found


async def run(settings: CreditbankSettings, act: str, argument: str | None) -> Answer:
    """One act of the command `moves`; raises CommandFailed."""
    secret = settings.client_secret.get_secret_value() if settings.client_secret else None
    client = ServiceClient(
        token_endpoint=settings.token_endpoint, client_id=settings.client_id, client_secret=secret
    )
    database = await Database(settings.database, name="creditbank moves").start()
    try:
        work: Callable[[str | None], Awaitable[Answer]] = getattr(Desk(settings, database, client), act)
        return await work(argument)
    except Problem as error:
        raise CommandFailed(f"{error.slug} {error.extensions or ''}".strip()) from None
    except (ValidationError, json.JSONDecodeError):
        raise CommandFailed("the file has not the form of a document or a receipt of a move") from None
    except CallFailed as error:
        raise CommandFailed(f"the other node did not answer: {error}") from None
    finally:
        await database.stop()
        await client.close()


def _identifier(argument: str | None) -> UUID:
    try:
        return UUID(argument or "")
    except ValueError:
        raise CommandFailed("give the id of a move") from None


def _content(argument: str | None) -> bytes:
    try:
        return Path(argument or "").read_bytes()
    except OSError as error:
        raise CommandFailed(f"the file cannot be read: {error.strerror}") from None
