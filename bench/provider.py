"""The identity provider of the bench: alone on stores of its own, with clients and people who can sign in."""

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import psutil

from bench.roster_generator import generate
from bench.serving import Server, free_port, running
from infra.dev.credentials import Credentials
from infra.dev.stores import Stores
from libs.common.database import Database
from libs.common.migrations import upgrade
from services.auth.passwords.hashing import hashed
from services.auth.rosters.applying.load import Order, Result, load

ROOT = Path(__file__).resolve().parents[1]
PASSWORD = "four quiet green umbrellas"
#: people who can sign in: enough that no two of one account are under way at the same time
SIGNERS = 100


@dataclass(frozen=True)
class Provider:
    """What the provider is given, and who is in its database."""

    environment: dict[str, str]
    port: int
    root: UUID
    administrator: dict[str, str]
    client: dict[str, Any]
    usernames: list[str]
    folder: Path

    @property
    def address(self) -> str:
        return self.environment["AUTH_ISSUER"]

    @contextmanager
    def serving(self, cores: set[int]) -> Iterator[Server]:
        """The service as it serves itself, on those cores, until the block ends."""
        command = [sys.executable, "-m", "services.auth", "serve"]
        with running(command, self.environment, self.port, ready="/health/ready", cores=cores) as server:
            yield server

    def take_in(self, path: Path, source: str) -> tuple[float, float]:
        """Import a set as the command `import-roster` does; the seconds it took, and those of processors."""
        return asyncio.run(self._take_in(path, source))

    async def _take_in(self, path: Path, source: str) -> tuple[float, float]:
        connection = await Database(self.environment["AUTH_DATABASE"], pool_size=1, name="bench").connect()
        try:
            backend = await connection.fetchval("select pg_backend_pid()")
            began, worked = time.perf_counter(), _worked(backend)
            outcome = await load(connection, Order(path, self.root, source), _unwatched)
            if outcome.result is not Result.APPLIED:
                raise SystemExit(f"the bench's roster was {outcome.result}: {list(outcome.findings)[:3]}")
            return time.perf_counter() - began, _worked(backend) - worked
        finally:
            await connection.close()


def _worked(backend: int) -> float:
    """Processor seconds of this process, and of the one that works for it in a database on this machine."""
    beside = psutil.Process(backend).cpu_times() if psutil.pid_exists(backend) else None
    return time.process_time() + (beside.user + beside.system if beside else 0.0)


async def _unwatched(_state: str, _stage: str, _done: int, _total: int) -> None:
    """Nobody is shown how far an import is."""


def provide(stores: Stores, folder: Path) -> Provider:
    """A provider with an administrator, clients and people, not yet running."""
    store = stores.new_database("provider")
    migrations = ROOT / "services" / "auth" / "migrations"
    asyncio.run(upgrade(migrations, store.migrations_database, service_role=store.service_role))
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    environment = {
        "AUTH_ENVIRONMENT": "development",
        "AUTH_DATABASE": store.database,
        "AUTH_REDIS": store.redis,
        "AUTH_REDIS_PREFIX": "bench:provider:",
        "AUTH_ISSUER": address,
        "AUTH_PUBLIC_ADDRESS": address,
        "AUTH_PORT": str(port),
        "AUTH_REQUESTS_PER_MINUTE": "1000000000",
    }
    credentials = Credentials.of(folder)
    made = subprocess.run(
        [sys.executable, "-m", "services.auth", "bootstrap"],
        input=json.dumps(credentials.bootstrap_document()).encode(),
        stdout=subprocess.PIPE,
        cwd=ROOT,
        env={**os.environ, **environment},
        check=True,
    )
    provider = Provider(
        environment=environment,
        port=port,
        root=UUID(json.loads(made.stdout)["organisation"]),
        administrator=credentials.document["administrator"],
        client={**credentials.document["spaces"], "scopes": ["events.read"]},
        usernames=[f"signer-s{number}" for number in range(SIGNERS // 2)],
        folder=folder,
    )
    path = folder / "signers.zip"
    generate(path, SIGNERS, prefix="signer-", password_hash=hashed(PASSWORD))
    provider.take_in(path, "signers")
    return provider


def keep_stores_off(stores: Stores, cores: set[int]) -> None:
    """Leave those cores to the service; the stores share the others with the load."""
    others = sorted(set(range(psutil.cpu_count() or 1)) - cores)
    for server in (stores.postgresql, stores.redis_server):
        for process in [] if server is None else _with_children(server.pid):
            for thread in process.threads():
                os.sched_setaffinity(thread.id, others or cores)


def _with_children(pid: int) -> list[psutil.Process]:
    process = psutil.Process(pid)
    return [process, *process.children(recursive=True)]
