"""A process that spends and gives back until it is killed; tells each operation that was acknowledged."""

import asyncio
import random
import sys
from datetime import UTC, datetime, timedelta
from uuid import UUID

from libs.common.database import Database
from libs.common.problems import Problem
from services.creditbank.learners.keys import KeyRing
from services.creditbank.ledger.repository import Hold
from services.creditbank.ledger.rules import Part, Place, Terms
from services.creditbank.ledger.service import Converted, Ledger, Posted
from services.creditbank.tables import Connection
from tests.integration.creditbank.ledger.conftest import OTHER_SCHEME, SCHEME

RULE = Terms(UUID(int=7), 2, 3)


async def act(ledger: Ledger, connection: Connection, learner: int, key: str) -> int:
    """One operation that the key alone decides on, so that it can be sent again; its entry's number."""
    choice = random.Random(key)  # noqa: S311  the key decides
    lot, amount, kind = choice.randrange(1, 4), choice.choice([1, 3, 30]), choice.randrange(4)
    parts = [Part(lot, amount)]
    made: Posted | Converted | Hold
    if kind == 0:
        made = await ledger.redeem(connection, learner, SCHEME, parts, key=key)
    elif kind == 1:
        until = datetime.now(UTC) + timedelta(milliseconds=choice.randrange(1, 300))
        made = await ledger.hold(connection, learner, SCHEME, parts, key=key, until=until, purpose="test")
    elif kind == 2:
        made = await ledger.convert(
            connection, learner, SCHEME, [Part(lot, 3)],
            to_scheme=OTHER_SCHEME, issued=[2], rounding=0, rule=RULE, key=key,
        )  # fmt: skip
    else:
        place = Place(learner, SCHEME, choice.randrange(4, 30))
        made = await ledger.rescind(connection, place, key=key)
    return made.sequence if isinstance(made, Hold) else made.place.sequence


async def main(address: str, secret: str, run: str, learners: list[int]) -> None:
    database = Database(address, name="ledger worker")
    ledger = Ledger(KeyRing(secret))

    async def work(number: int) -> None:
        connection = await database.connect()
        for n in range(100_000):
            key = f"{run} {number} {n}"
            learner = learners[random.Random(key).randrange(len(learners))]  # noqa: S311
            try:
                number_of_entry = await act(ledger, connection, learner, key)
                sys.stdout.write(f"{learner} {number_of_entry} {key}\n")
                sys.stdout.flush()
            except Problem:
                continue

    await asyncio.gather(*(work(number) for number in range(4)))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], sys.argv[3], [int(one) for one in sys.argv[4:]]))
