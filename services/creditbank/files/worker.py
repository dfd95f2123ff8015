"""Looks for files with something to do, and for what has waited for a learner who is known now."""

from typing import Final
from uuid import UUID

from libs.common.database import Database, is_away
from libs.common.recurring import Recurring
from services.creditbank.deposits.service import PostingDesk
from services.creditbank.files import repository
from services.creditbank.files.working import FileWork, Post
from services.creditbank.suspense import service as suspense

FILE_WORK_FAILED: Final = "posting_file.work_failed"
#: how often somebody looks for what nobody woke us for: another process's, or a killed one's
LOOK_SECONDS: Final = 5.0
PAUSE_SECONDS: Final = 1.0


class FileWorker:
    """Works on one file after the other, oldest first. Several processes share the files: each has a lock."""

    def __init__(self, database: Database, desk: PostingDesk, post: Post) -> None:
        self._database = database
        self._desk = desk
        self._post = post
        looking = Recurring(self._look, failed=FILE_WORK_FAILED, retry_seconds=PAUSE_SECONDS)
        #: says that there is something to do
        self.wake = looking.wake
        #: looks and works for ever
        self.run = looking.run

    async def _look(self) -> float:
        await self.work_through()
        return LOOK_SECONDS

    async def work_through(self) -> None:
        """Do everything that is to do now."""
        failed: Exception | None = None
        for file in await repository.waiting(self._database.pool):
            try:
                await self._work(file)
            except Exception as error:  # one file must not hold up the others
                if is_away(error):
                    raise
                failed = error
        while await suspense.claim_due(self._database, self._desk):
            pass
        if failed is not None:
            raise failed

    async def _work(self, file: UUID) -> None:
        """Work on a file unless another process does; its lock ends with the connection."""
        connection = await self._database.connect()
        try:
            job = await repository.take(connection, file)
            if job is not None:
                await FileWork(self._database, connection, self._desk, self._post, job).run()
        finally:
            await connection.close()
