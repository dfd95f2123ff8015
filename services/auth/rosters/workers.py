"""Gives every waiting import a child process, so that reading CSV never holds up a request."""

import asyncio
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final
from uuid import UUID

import orjson
from pydantic import BaseModel, SecretStr

from libs.common import logs
from libs.common.database import Database
from libs.common.recurring import Recurring
from services.auth.rosters import repository
from services.auth.settings import AuthSettings

ROOT: Final = Path(__file__).resolve().parents[3]
ROSTER_WORKER_ENDED: Final = "roster.worker_ended"
LOOK_SECONDS: Final = 5.0
"""How often imports are looked for that nobody woke us for: another process's, or a killed worker's."""
PAUSE_SECONDS: Final = 1.0


class Workers:
    """Runs the unfinished imports, one at a time, oldest first, also those of a service that was killed.

    A worker whose service dies goes on to its end; the lock it holds keeps others from its import.
    """

    def __init__(self, settings: AuthSettings, database: Database) -> None:
        self._settings = settings
        self._database = database
        #: process id of the worker at hand
        self.worker: int | None = None
        self._log = logs.logger(__name__)
        looking = Recurring(self._look, failed=ROSTER_WORKER_ENDED, retry_seconds=PAUSE_SECONDS)
        #: begins to look for imports
        self.start = looking.start
        #: ends the worker at hand; its import begins again with the next start
        self.stop = looking.stop
        #: says that there is an import to do
        self.wake = looking.wake

    async def _look(self) -> float:
        for waiting in await repository.without_worker(self._database.pool):
            await self._work(waiting["id"])
        return LOOK_SECONDS

    async def _work(self, import_id: UUID) -> None:
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "services.auth", "roster-import", "--job", str(import_id)),
            cwd=ROOT,
            env=environment_of(self._settings),
            stdin=asyncio.subprocess.DEVNULL,
        )
        self.worker = child.pid
        try:
            code = await child.wait()
        except asyncio.CancelledError:
            await self._end(child, import_id)
            raise
        finally:
            self.worker = None
        if code != 0:
            self._log.warning(ROSTER_WORKER_ENDED, import_id=str(import_id), code=code)
            self.wake()
            await asyncio.sleep(PAUSE_SECONDS)

    async def _end(self, child: asyncio.subprocess.Process, import_id: UUID) -> None:
        with suppress(ProcessLookupError):
            child.terminate()
        await child.wait()
        with suppress(Exception):
            await repository.give_back(self._database.pool, import_id)


def environment_of(settings: AuthSettings) -> dict[str, str]:
    """This process's environment with the settings in it, however they came to be."""
    environment = dict(os.environ)
    prefix = settings.model_config.get("env_prefix", "")
    for name, field in AuthSettings.model_fields.items():
        value = getattr(settings, name)
        key = field.validation_alias if isinstance(field.validation_alias, str) else f"{prefix}{name}".upper()
        if value is None:
            environment.pop(key, None)
        else:
            environment[key] = _text_of(value)
    return environment


def _text_of(value: object) -> str:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, (str, int, float)):
        return str(value)
    if isinstance(value, BaseModel):
        return value.model_dump_json()
    return orjson.dumps(value).decode()
