"""Keeps the time of a refused sign-in from telling whether an account exists."""

import asyncio
from typing import Final

from libs.common import logs
from libs.common.database import Database, is_away
from libs.common.tasks import end
from services.auth.accounts import repository
from services.auth.passwords.service import Passwords

HASHES_NOT_READ: Final = "accounts.hashes_not_read"
LOOK_SECONDS: Final = 600.0


class HashWatch:
    """Tells this process's `Passwords` now and then which kinds of hashes the accounts have."""

    def __init__(self, database: Database, passwords: Passwords) -> None:
        self._database = database
        self._passwords = passwords
        self._task: asyncio.Task[None] | None = None
        self._log = logs.logger(__name__)

    def start(self) -> None:
        """Begin to look."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        if self._task is not None:
            await end(self._task)

    async def look(self) -> None:
        """Look now."""
        self._passwords.learn_kinds(await repository.kinds_of_hashes(self._database.pool))

    async def _run(self) -> None:
        while True:
            try:
                await self.look()
            except Exception as error:
                if not is_away(error):
                    self._log.error(HASHES_NOT_READ, exc_info=error)
                await asyncio.sleep(5)
                continue
            await asyncio.sleep(LOOK_SECONDS)
