"""Looks up who asked for a link, apart from every request, so that no answer's time tells anything."""

from typing import Final

from libs.common.database import Database
from libs.common.recurring import Recurring
from services.auth.mail.courier import Courier
from services.auth.recovery import repository, service

RECOVERY_FAILED: Final = "recovery.failed"
LOOK_SECONDS: Final = 1.0


class RecoveryWorker(Recurring):
    """Answers wishes of all processes within about a second."""

    def __init__(self, database: Database, courier: Courier, *, public_address: str) -> None:
        super().__init__(self.answer_all, failed=RECOVERY_FAILED, retry_seconds=LOOK_SECONDS)
        self._database = database
        self._courier = courier
        self._public_address = public_address

    async def answer_all(self) -> float:
        """Answer whoever waits now."""
        while await repository.has_wishes(self._database.pool):
            if not await service.answer_wish(self._database, self._public_address):
                break
            self._courier.wake()
        return LOOK_SECONDS
