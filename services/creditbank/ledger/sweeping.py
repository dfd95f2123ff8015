"""What time does to credits: holds lapse, and lots expire. Nobody asks for it, so a task of the service does.

The books themselves say what is left to do: a sweep that was cut goes on where it ended, and two at once
do nothing twice. Each step is a transaction of its own over the accounts of some hundred learners.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import asyncpg

from libs.common import logs
from libs.common.database import Database, retrying
from libs.common.ids import new_id
from libs.common.recurring import Recurring
from services.creditbank.ledger import repository
from services.creditbank.ledger.rules import Kind, Operation
from services.creditbank.ledger.service import Ledger

_AT_A_TIME: Final = 500
SWEPT: Final = "credits.swept"
FAILED: Final = "credits.sweep_failed"


class Sweeper:
    """Sweeps one database. Several may: those who find nothing left do nothing."""

    def __init__(self, database: Database, ledger: Ledger, pause_s: float = 60) -> None:
        self._database = database
        self._ledger = ledger
        self._pause_s = pause_s
        self._log = logs.logger(__name__)
        #: sweeps for ever, pausing between
        self.run = Recurring(self._sweep, failed=FAILED, retry_seconds=pause_s).run

    async def _sweep(self) -> float:
        lapsed, expired = await self.lapse(), await self.expire()
        if lapsed or expired:
            self._log.info(SWEPT, lapsed=lapsed, expired=expired)
        return self._pause_s

    async def lapse(self) -> int:
        """Give back what holds held whose time is over; returns how many lapsed."""
        return await self._steps(self._lapse_some, lambda _done: None)

    async def expire(self, tell: Callable[[int], None] = lambda _done: None) -> int:
        """Let lots expire whose last day has ended everywhere on earth, day by day.

        Returns how many accounts had some; `tell` is called with the number so far.
        """
        return await self._steps(self._expire_some, tell)

    async def _steps(self, step: Callable[[], Awaitable[int]], tell: Callable[[int], None]) -> int:
        total = 0
        while done := await retrying(step):
            total += done
            tell(total)
        return total

    async def _lapse_some(self) -> int:
        rows = await repository.lapsing(self._database.pool, _AT_A_TIME)
        answers = await self._ledger.post(
            self._database.pool,
            [
                Operation(
                    Kind.LAPSE,
                    row["learner"],
                    row["scheme"],
                    f"lapse {row['id']}",
                    new_id(),
                    target=row["entry"],
                )
                for row in rows
            ],
        )
        return sum(answer.outcome == "posted" for answer in answers)

    async def _expire_some(self) -> int:
        """Sweep some books; those whose expiring credits were spent before have nothing left to expire."""
        swept: Sequence[asyncpg.Record] = []
        while (rows := await repository.expiring(self._database.pool, _AT_A_TIME)) and rows != swept:
            batch = new_id()
            answers = await self._ledger.post(
                self._database.pool,
                [
                    # What came back into an expired lot expires by another entry: no key is ever sent twice.
                    Operation(
                        Kind.EXPIRY, row["learner"], row["scheme"], f"expiry {batch} {row['scheme']}", batch
                    )
                    for row in rows
                ],
            )
            if done := sum(answer.outcome == "posted" for answer in answers):
                return done
            swept = rows
        return 0
