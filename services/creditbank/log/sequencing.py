"""The sequencer as a task or a process: any number may run, one leads, and it stops rather than fork."""

import asyncio
from pathlib import Path
from typing import Final

from libs.common import logs
from libs.common.database import Database, is_away, sqlstate
from services.creditbank.log.keys import LogKeys
from services.creditbank.log.rules import BLOCK_LEAVES, origin
from services.creditbank.log.sequencer import Sequencer, SigningRefused
from services.creditbank.log.store import DirectoryLock
from services.creditbank.settings import CreditbankSettings
from services.creditbank.tables import Connection

LEADS: Final = "log.sequencer_leads"
REFUSED: Final = "log.signing_refused"
FAILED: Final = "log.sequencer_failed"
_LOCK: Final = 0x0106
_TRY_LOCK: Final = "select pg_try_advisory_lock($1)"
_POLL_S: Final = 1.0
#: SQLSTATE of a log that takes leaves no more, or of a checkpoint that does not follow
_STATE: Final = "55000"


class Sequencing:
    """Leads, or stands by to lead, until cancelled."""

    def __init__(self, database: Database, settings: CreditbankSettings) -> None:
        if settings.log_directory is None:
            raise ValueError("log_directory is not set")
        self._database = database
        self._directory: Path = settings.log_directory
        self._keys = LogKeys(settings.key_encryption_key.get_secret_value())
        self._public_address = settings.public_address
        self._interval = settings.log_interval_seconds
        self._log = logs.logger(__name__)

    async def run(self, *, stop_when_refused: bool = False) -> None:
        """Survives the absence of the database. A refusal is looked at again, unless told to stop."""
        while True:
            try:
                await self.lead()
            except SigningRefused as error:
                self._log.error(REFUSED, reason=str(error))
                if stop_when_refused:
                    raise
                await asyncio.sleep(30 * _POLL_S)
            except Exception as error:  # whatever it was: nothing was signed that does not hold
                of_disk = isinstance(error, OSError) and error.filename is not None
                if sqlstate(error) != _STATE and (of_disk or not is_away(error)):
                    self._log.exception(FAILED)
            await asyncio.sleep(_POLL_S)

    async def lead(self) -> None:
        """Wait to be the one, then seal until something happens."""
        connection = await self._database.connect()
        lock = DirectoryLock(self._directory)
        try:
            while not (await connection.fetchval(_TRY_LOCK, _LOCK) and lock.acquire()):
                await connection.execute("select pg_advisory_unlock_all()")
                await asyncio.sleep(_POLL_S)
            sequencer = self.sequencer(connection)
            await sequencer.open()
            self._log.info(LEADS)
            while True:
                if await sequencer.step() < BLOCK_LEAVES:  # else more may wait
                    await asyncio.sleep(self._interval)
        finally:
            lock.release()
            connection.terminate()

    def sequencer(self, connection: Connection) -> Sequencer:
        """The sequencer on a connection of its own; whoever uses it must be alone."""
        return Sequencer(
            connection, self._directory, self._keys, lambda name: origin(self._public_address, name)
        )
