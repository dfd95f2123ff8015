"""Keeps the time of a refused sign-in from telling whether an account exists."""

from typing import Final

from libs.common.database import Database
from libs.common.recurring import Recurring
from services.auth.accounts import repository
from services.auth.passwords.service import Passwords

HASHES_NOT_READ: Final = "accounts.hashes_not_read"
LOOK_SECONDS: Final = 600.0


class HashWatch(Recurring):
    """Tells this process's `Passwords` now and then which kinds of hashes the accounts have."""

    def __init__(self, database: Database, passwords: Passwords) -> None:
        super().__init__(self.look, failed=HASHES_NOT_READ, retry_seconds=5)
        self._database = database
        self._passwords = passwords

    async def look(self) -> float:
        """Look now."""
        self._passwords.learn_kinds(await repository.kinds_of_hashes(self._database.pool))
        return LOOK_SECONDS
