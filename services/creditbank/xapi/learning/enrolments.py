"""Students' joining and leaving of schools, told to their records.

The news of people only says who is a student where; a row whose `told` differs is work to be done. So a
roster of a hundred thousand delays nobody's account, and a run that was cut goes on where it ended.
"""

from datetime import UTC, date, datetime
from typing import Final
from uuid import UUID, uuid5

import asyncpg

from libs.common.database import Database, retrying
from libs.common.recurring import Recurring
from services.creditbank.tables import Connection
from services.creditbank.xapi.learning import repository
from services.creditbank.xapi.learning.service import Writer
from services.creditbank.xapi.learning.statements import Names, of_place
from services.creditbank.xapi.learning.vocabulary import VerbName

FAILED: Final = "learning.enrolments_failed"
#: at most so many in one transaction, and then others get their turn
_AT_A_TIME: Final = 500
_BREATH_S: Final = 0.25
_PAUSE_S: Final = 2.0
#: of the ids of these statements, so that two bank nodes tell one joining by one id
_NAMESPACE: Final = UUID("5d0b6b4e-5c1f-5a07-9c6b-2f0c2b1f6f4e")


class Enrolments:
    """Tells what is still to be told. Several may: they share the rows out."""

    def __init__(self, database: Database, writer: Writer) -> None:
        self._database, self._writer = database, writer
        self.run = Recurring(self._work, failed=FAILED, retry_seconds=_PAUSE_S).run

    async def _work(self) -> float:
        done = await retrying(self.tell_some)
        return _BREATH_S if done == _AT_A_TIME else _PAUSE_S

    async def tell_some(self) -> int:
        """Tell some, in one transaction with the mark that they are told; returns how many."""
        async with self._database.pool.acquire() as pooled, pooled.transaction():
            connection: Connection = pooled  # type: ignore[assignment]  # stands for its own
            rows = await repository.untold(connection, _AT_A_TIME)
            if not rows:
                return 0
            today = datetime.now(UTC).date()
            titles = await repository.titles(connection, {row["organisation"] for row in rows})
            names = Names(self._writer.issuer, {row["person"]: row["person"] for row in rows}, titles)
            made = [(row["organisation"], _made(row, today, names)) for row in rows]
            await self._writer.store(connection, made)
            return len(rows)


def _made(row: asyncpg.Record, today: date, names: Names) -> dict[str, object]:
    """The day a role began is known; when one ended is known as it is heard of."""
    verb: VerbName = "joined" if row["is_student"] else "left"
    day = min(row["since"] or today, today) if row["is_student"] else today
    identifier = uuid5(_NAMESPACE, f"{verb} {row['person']} {row['organisation']} {today}")
    when = f"{day}T00:00:00Z" if day < today else datetime.now(UTC).isoformat(timespec="milliseconds")
    return of_place(identifier, row["person"], row["organisation"], verb, when, names)
