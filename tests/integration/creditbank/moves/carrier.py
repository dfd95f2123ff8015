"""A process that moves learners to and fro between two nodes until it is killed, cut off at any step."""

import asyncio
import json
import random
import sys
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson

from libs.common.database import Database
from libs.common.identity import Caller
from libs.common.problems import Problem
from services.creditbank.learners.keys import KeyRing
from services.creditbank.log.sequencing import Sequencing
from services.creditbank.log.service import LogReader
from services.creditbank.moves import receiving, service
from services.creditbank.moves.documents import MoveDocument
from services.creditbank.moves.mover import Mover
from services.creditbank.settings import CreditbankSettings, Neighbour


class Place:
    """One node, without its HTTP interface."""

    def __init__(self, settings: CreditbankSettings, database: Database) -> None:
        self.settings = settings
        self.database = database
        self.keys = KeyRing(settings.key_encryption_key.get_secret_value())
        self.reader = LogReader(settings.log_directory)

    async def answer(self, sender: Neighbour, path: str, body: bytes) -> tuple[int, bytes]:
        """What the route of this path does, and how a problem is told."""
        try:
            if path == "/v1/arrivals":
                document = MoveDocument.model_validate_json(body)
                name = self.settings.node
                receipt = await receiving.receive(self.database, self.keys, name, sender, document)
            else:
                move = UUID(path.split("/")[3])
                receipt = await receiving.refuse(self.database, sender, move, json.loads(body)["reason"])
        except Problem as problem:
            return problem.status, orjson.dumps({"type": problem.slug, **problem.extensions})
        return 200, receipt.model_dump_json().encode()


def mover(here: Place, there: Place) -> Mover:
    """Hands the moves of one node to the other."""
    sender = there.settings.neighbour(here.settings.node)
    assert sender is not None

    async def send(_node: Neighbour, path: str, body: bytes) -> tuple[int, bytes]:
        return await there.answer(sender, path, body)

    return Mover(here.database, here.settings, here.keys, here.reader, send)


async def ask(here: Place, there: Place, person: UUID, key: str) -> bool:
    """Begin a move if that can be."""
    caller: Any = Caller(person, None, frozenset(), None, None, key)
    to = there.settings.node
    try:
        await service.begin(here.database, here.keys, here.settings, caller, to=to, key=key, learner=None)
    except Problem:
        return False
    return True


async def seal(place: Place) -> None:
    """Give entries their leaves, while nobody else does."""
    connection = await place.database.connect()
    try:
        await connection.execute("select pg_advisory_lock(6)")
        sequencer = Sequencing(place.database, place.settings).sequencer(connection)
        await sequencer.open()
        await sequencer.step()
    finally:
        connection.terminate()


def tell(what: str) -> None:
    sys.stdout.write(f"{what}\n")
    sys.stdout.flush()


async def main(given: list[dict[str, Any]], run: str, people: list[UUID]) -> None:
    """Until killed. A line for each thing that was done, so that the tests know it got somewhere."""
    places = []
    for one in given:
        settings = CreditbankSettings.model_validate(one)
        places.append(Place(settings, await Database(settings.database, name="carrier").start()))
    choice = random.Random(run)  # noqa: S311  a test's own order
    turn = 0
    while True:
        turn += 1
        here, there = places if choice.random() < 0.5 else places[::-1]
        if await ask(here, there, choice.choice(people), f"{run} {turn}"):
            tell("asked")
        if choice.random() < 0.5:
            await seal(here)
        if await mover(here, there).work_through(at_once=True):
            tell("ended")


if __name__ == "__main__":
    asyncio.run(
        main(json.loads(Path(sys.argv[1]).read_text()), sys.argv[2], [UUID(one) for one in sys.argv[3:]])
    )
