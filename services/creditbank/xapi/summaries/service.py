"""Small summaries of what learners did, kept up to date beside the requests: by month, by kind, by subject.

What was stored is counted once nothing can come before it any more; what is voided, removed or changed later
is taken away again by triggers, in the transaction that does it. Whose an agent is is looked up when a
summary is made: whoever turns out to be an agent, or is merged, has what was counted before.
"""

import time
from collections.abc import Callable
from typing import Final

from libs.common.database import Database
from libs.common.recurring import Recurring
from services.creditbank.tables import Connection
from services.creditbank.xapi.statements.filters import SHIFT
from services.creditbank.xapi.statements.horizon import Horizon
from services.creditbank.xapi.summaries import repository

FAILED: Final = "record.summaries_failed"
_MOST: Final = 1_000
_MOST_TOLD: Final = 200
#: while much comes in, requests have so many times as long for themselves as is counted
_SPARED: Final = 8
#: one process at a time counts
_LOCK: Final = 0x0726
_TRY: Final = "select pg_try_advisory_xact_lock($1)"

forget = repository.forget
summary = repository.summary


class Summaries:
    """Counts and tells, in whichever process gets to it: `app.state.summaries`."""

    def __init__(self, database: Database, horizon: Horizon, issuer: str, every_s: float) -> None:
        self._database, self._horizon, self._issuer, self._every_s = database, horizon, issuer, every_s

    async def run(self) -> None:
        """For ever; a store that is away is waited for."""
        await Recurring(self._work, failed=FAILED, retry_seconds=self._every_s).run()

    async def _work(self) -> float:
        begun = time.monotonic()
        more = await self.step()
        return (time.monotonic() - begun) * _SPARED if more else self._every_s

    async def step(self) -> bool:
        """Count some statements of each organisation and tell some summaries; whether there may be more."""
        end = int((await self._horizon.through()).timestamp() * 1000) << SHIFT
        more = False
        for organisation in await repository.waiting(self._database.pool, end):
            async with self._database.pool.acquire() as pooled, pooled.transaction():
                connection: Connection = pooled  # type: ignore[assignment]  # stands for its own
                if not await connection.fetchval(_TRY, _LOCK):
                    return False
                more |= await repository.count(connection, organisation, end, _MOST) == _MOST
        told = await repository.tell(self._database.pool, self._issuer, _MOST_TOLD)
        return more or told == _MOST_TOLD


async def check(database: Database, tell: Callable[[str], None]) -> bool:
    """Whether everything counted is what the statements say; tells what is not."""
    found = await repository.wrong(database.pool, 20)
    for actor, axis, bucket, statements, counted in found:
        tell(f"actor {actor}, axis {axis}, {bucket}: {statements} statements, counted {counted}")
    return not found


async def rebuild(database: Database, issuer: str) -> None:
    """Count everything anew, some at a time, while nobody else counts; may be cut and begun again."""
    alone = await database.connect()
    try:
        await alone.execute("select pg_advisory_lock($1)", _LOCK)
        async with alone.transaction():
            await repository.begin_anew(alone, issuer)
        end = int((await Horizon(database.pool).through()).timestamp() * 1000) << SHIFT
        for organisation in await repository.waiting(alone, end):
            while await repository.count(alone, organisation, end, _MOST) == _MOST:
                pass
        while await repository.tell(alone, issuer, _MOST_TOLD):
            pass
    finally:
        await alone.close()
