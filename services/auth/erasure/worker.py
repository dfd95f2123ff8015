"""Erases whoever's day has come, apart from every request."""

from typing import Final

from libs.common.database import Database
from libs.common.recurring import Recurring
from services.auth.erasure.rules import LOOK_SECONDS
from services.auth.erasure.service import TakeOut, erase_due

ERASED: Final = "erasure.done"
ERASURE_FAILED: Final = "erasure.failed"


class Eraser(Recurring):
    """Looks at the start and every ten minutes.

    What was told of the erased is taken out of the stream too, by `take_out`.
    """

    def __init__(self, database: Database, take_out: TakeOut) -> None:
        super().__init__(self.look, failed=ERASURE_FAILED, retry_seconds=LOOK_SECONDS)
        self._database = database
        self._take_out = take_out

    async def look(self) -> float:
        """Erase whoever is due."""
        if people := await erase_due(self._database, self._take_out):
            self._log.info(ERASED, people=people)
        return LOOK_SECONDS
