"""An account of who read learners' records, for the learners.

Statements are read by the thousand a second: such reads are counted in memory and written down once a second,
summed up by day and reader. Whoever reads a whole record, or all of a store at once, is written down first.
"""

import time
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from libs.common.database import Database
from libs.common.recurring import Recurring
from services.creditbank.tables import Where
from services.creditbank.xapi.readings import repository
from services.creditbank.xapi.readings.repository import Amount
from services.creditbank.xapi.readings.rules import NOBODY, ReaderKind, Reading, What, reader_of

FAILED: Final = "record.readings_failed"
_EVERY_S: Final = 1.0
_PRUNED_EVERY_S: Final = 3_600.0

forget = repository.forget


class Readings:
    """Counts in one process: `app.state.readings`."""

    def __init__(self, database: Database, kept_days: int) -> None:
        self._database, self._kept_days = database, kept_days
        self._counted: dict[Reading, Amount] = {}
        self._pruned = float("-inf")

    def count(self, organisation: UUID, key: str | None, subject: str, what: What, statements: int) -> None:
        """Count one read of an organisation's store by a door's `subject`: about an agent's key, or any."""
        now = datetime.now(UTC)
        about = NOBODY if key is None else UUID(key)
        self._add(
            Reading(now.date(), organisation, about, *reader_of(subject), what),
            Amount(1, statements, now, now),
        )

    def _add(self, reading: Reading, amount: Amount) -> None:
        before = self._counted.get(reading)
        if before is not None:
            times, statements = before.times + amount.times, before.statements + amount.statements
            amount = Amount(times, statements, before.first_at, amount.last_at)
        self._counted[reading] = amount

    async def flush(self) -> None:
        """Write down what was counted; it is counted on if it cannot be written."""
        counted, self._counted = self._counted, {}
        if not counted:
            return
        try:
            await repository.add(self._database.pool, counted.items())
        except BaseException:
            for reading, amount in self._counted.items():
                before = counted.get(reading)
                counted[reading] = amount if before is None else _sum(before, amount)
            self._counted = counted
            raise

    async def run(self) -> None:
        """Write down once a second, and forget now and then what is too old; for ever."""
        await Recurring(self._work, failed=FAILED, retry_seconds=_EVERY_S).run()

    async def _work(self) -> float:
        await self.flush()
        if time.monotonic() - self._pruned > _PRUNED_EVERY_S:
            await repository.prune(self._database.pool, self._kept_days)
            self._pruned = time.monotonic()
        return _EVERY_S

    async def stop(self) -> None:
        """Write down the last ones, if the database is there."""
        with suppress(Exception):
            await self.flush()


def _sum(one: Amount, later: Amount) -> Amount:
    return Amount(one.times + later.times, one.statements + later.statements, one.first_at, later.last_at)


async def record(
    where: Where,
    organisation: UUID,
    subject: UUID,
    reader: tuple[ReaderKind, UUID],
    what: What,
    statements: int,
    *,
    times: int = 1,
) -> None:
    """Write one read down at once, in the caller's transaction if there is one."""
    now = datetime.now(UTC)
    reading = Reading(now.date(), organisation, subject, *reader, what)
    await repository.add(where, [(reading, Amount(times, statements, now, now))])


async def record_of_person(where: Where, reader: UUID, learner: UUID, statements: int) -> None:
    """A guardian reads a learner's record."""
    await record(where, NOBODY, learner, ("person", reader), "record", statements)
