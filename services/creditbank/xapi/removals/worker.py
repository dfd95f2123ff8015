"""Does what is to be removed, beside the requests."""

from typing import Final

from libs.common.database import Database
from libs.common.recurring import Recurring
from services.creditbank.xapi.removals.erasing import Eraser
from services.creditbank.xapi.removals.pruning import Pruner

FAILED: Final = "xapi.removing_failed"
_EVERY_S: Final = 5.0


class Remover:
    """Erasures first, then prunings; whatever ends in the middle goes on with the next batch."""

    def __init__(self, database: Database, home: str) -> None:
        self._eraser, self._pruner = Eraser(database, home), Pruner(database)
        self._recurring = Recurring(self._work, failed=FAILED, retry_seconds=_EVERY_S)

    async def run(self) -> None:
        """For ever; a store that is away is waited for."""
        await self._recurring.run()

    def wake(self) -> None:
        """Say that there is something to do."""
        self._recurring.wake()

    async def work(self) -> bool:
        """One batch; whether there may be another one."""
        return await self._eraser.work() or await self._pruner.work()

    async def _work(self) -> float:
        return 0.0 if await self.work() else _EVERY_S
