"""An account of who read learners' records, for the learners.

Statements are read by the thousand a second: such reads are counted in memory and written down once a second,
summed up by day and reader. Whoever reads a whole record, or all of a store at once, is written down first.
"""

import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, TypeAlias
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


#: organisation, key of an agent, a door's subject, way of reading
_Way: TypeAlias = tuple[UUID, str | None, str, What]


@dataclass(slots=True)
class _Count:
    times: int
    statements: int
    first: float
    last: float


class Readings:
    """Counts in one process: `app.state.readings`."""

    def __init__(self, database: Database, kept_days: int) -> None:
        self._database, self._kept_days = database, kept_days
        self._counted: dict[_Way, _Count] = {}
        self._pruned = float("-inf")

    def count(self, organisation: UUID, key: str | None, subject: str, what: What, statements: int) -> None:
        """Count one read of an organisation's store by a door's `subject`: about an agent's key, or any."""
        now, way = time.time(), (organisation, key, subject, what)
        found = self._counted.get(way)
        if found is None:
            self._counted[way] = _Count(1, statements, now, now)
        else:
            found.times += 1
            found.statements += statements
            found.last = now

    async def flush(self) -> None:
        """Write down what was counted; it is counted on if it cannot be written."""
        counted, self._counted = self._counted, {}
        if not counted:
            return
        try:
            await repository.add(self._database.pool, [_line(way, one) for way, one in counted.items()])
        except BaseException:
            for way, later in self._counted.items():
                before = counted.setdefault(way, _Count(0, 0, later.first, later.last))
                before.times, before.statements = (
                    before.times + later.times,
                    before.statements + later.statements,
                )
                before.last = later.last
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


def _line(way: _Way, count: _Count) -> tuple[Reading, Amount]:
    organisation, key, subject, what = way
    first, last = (datetime.fromtimestamp(at, UTC) for at in (count.first, count.last))
    about = NOBODY if key is None else UUID(key)
    reading = Reading(first.date(), organisation, about, *reader_of(subject), what)
    return reading, Amount(count.times, count.statements, first, last)


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
