"""Brings the services' databases up to this checkout's schema, and remembers that they are."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from infra.dev.databases import connected
from infra.dev.processes import StartError, tail
from infra.dev.service import ROOT, Service
from infra.dev.state import read_private, write_private
from infra.dev.stores import SERVICES, Stores, complete

#: the file in the state directory that says which migrations its databases have
NOTE = "migrated.json"


def is_remembered(state: Path) -> bool:
    """Whether an earlier run brought the databases in `state` to this very schema.

    Only this runner changes them there, so a warm start need not wait for the server to say so.
    """
    return read_private(state / NOTE) == _wanted()


def remember(state: Path) -> None:
    """Note that the databases in `state` have this checkout's schema."""
    write_private(state / NOTE, _wanted())


def forget(state: Path) -> None:
    """Take the note back before anything about it changes."""
    (state / NOTE).unlink(missing_ok=True)


def _wanted() -> dict[str, str]:
    return {service: newest(service) for service in SERVICES}


def outdated(stores: Stores, services: list[Service]) -> list[Service]:
    """The services whose database lacks the newest numbered migration."""
    found = complete(_revisions(stores, [service.name for service in services]))
    return [service for service in services if found[service.name] != newest(service.name)]


def newest(service: str) -> str:
    """The number of a service's newest migration, which begins its file name."""
    versions = ROOT / "services" / service / "migrations" / "versions"
    return max((path.name[:4] for path in versions.glob("[0-9]*_*.py")), default="")


class Migrator:
    """The process that migrates. It may begin before there are databases: it loads its code meanwhile."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    def begin(self) -> None:
        """Starts the process; it waits for `migrate`, and ends with this one."""
        if self._process is None:
            with self._log.open("ab") as log:
                self._process = subprocess.Popen(
                    [sys.executable, "-m", "infra.dev.schema"],
                    stdin=subprocess.PIPE,
                    stdout=log,
                    stderr=log,
                    cwd=ROOT,
                    start_new_session=True,
                )

    def migrate(self, stores: Stores, services: list[Service]) -> None:
        """Migrates the services' databases as their owners, whose addresses serving never sees."""
        self.begin()
        assert self._process is not None
        document = [_order(stores, service.name) for service in services]
        try:
            self._process.communicate(json.dumps(document).encode())
        finally:
            self.end()
        if self._process.returncode != 0:
            raise StartError(f"The migrations failed. The end of {self._log}:\n{tail(self._log)}")

    def end(self) -> None:
        """Ends the process; a migration at hand is undone."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()


def _order(stores: Stores, service: str) -> dict[str, str]:
    store = stores.services[service]
    folder = str(ROOT / "services" / service / "migrations")
    return {"folder": folder, "address": store.migrations_database, "service_role": store.service_role}


def as_owner(stores: Stores, service: Service) -> Service:
    """The service with the right to change its schema."""
    variable = f"{service.name.upper()}_MIGRATIONS_DATABASE"
    owner = stores.services[service.name].migrations_database
    return replace(service, environment={**service.environment, variable: owner})


async def _revisions(stores: Stores, names: list[str]) -> dict[str, str]:
    import asyncio

    return dict(zip(names, await asyncio.gather(*(_revision(stores, name) for name in names)), strict=True))


async def _revision(stores: Stores, name: str) -> str:
    import asyncpg

    connection = await connected(stores.services[name].migrations_database)
    try:
        return str(await connection.fetchval("select version_num from alembic_version"))
    except asyncpg.UndefinedTableError:
        return ""
    finally:
        await connection.close()
