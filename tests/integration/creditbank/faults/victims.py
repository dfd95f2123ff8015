"""What is killed: the service's process, and a PostgreSQL server of its own with one bank in it."""

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from infra.dev.postgresql import PostgreSQL
from infra.dev.processes import wait_until
from services.creditbank.settings import CreditbankSettings
from tests.issuer import Issuer

_ROOT = Path(__file__).resolve().parents[4]


class ServiceProcess:
    """The service, serving on a socket; killed, it is started again from a process that has it loaded."""

    def __init__(self, settings: CreditbankSettings, issuer: Issuer, socket: Path) -> None:
        self._arguments = [_plain(settings), json.dumps(issuer.key_set()), str(socket)]
        self.socket = socket
        self.generations = 0

    async def load(self) -> None:
        self._loaded: Process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.integration.creditbank.faults.service", *self._arguments,
            stdin=PIPE, stdout=PIPE, cwd=_ROOT,
        )  # fmt: skip
        assert await self._said() == "loaded"

    async def start(self) -> None:
        self._pid = int(await self._ask("start"))
        self.generations += 1

    async def kill(self) -> None:
        """kill -9, and wait for its end."""
        os.kill(self._pid, signal.SIGKILL)
        assert await self._ask("reap") == "reaped"

    async def end(self) -> None:
        assert self._loaded.stdin is not None
        self._loaded.stdin.close()
        await self._loaded.wait()

    async def _ask(self, command: str) -> str:
        assert self._loaded.stdin is not None
        self._loaded.stdin.write(f"{command}\n".encode())
        return await self._said()

    async def _said(self) -> str:
        assert self._loaded.stdout is not None
        return (await self._loaded.stdout.readline()).decode().strip()


class Server:
    """PostgreSQL, stopped at once and started again while the callers go on calling."""

    def __init__(self, postgresql: PostgreSQL) -> None:
        self._postgresql = postgresql
        # A server ends with the thread that started it.
        self._thread = ThreadPoolExecutor(1)

    async def crash(self, how: signal.Signals) -> None:
        """SIGQUIT is an immediate shutdown: nothing is flushed. SIGKILL leaves its backends too."""

        def crash() -> None:
            os.kill(self._postgresql.pid, how)
            assert wait_until(self._postgresql.ended, 60)
            self._postgresql.start()

        await asyncio.get_running_loop().run_in_executor(self._thread, crash)

    def end(self) -> None:
        self._thread.submit(self._postgresql.stop).result()
        self._thread.shutdown()


def _plain(settings: CreditbankSettings) -> str:
    values = settings.model_dump(mode="json", exclude_none=True, exclude={"key_encryption_key"})
    return json.dumps(values)
