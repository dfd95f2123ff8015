"""The stores of a development machine or a test session: embedded, or named by the environment."""

import os
import secrets
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from infra.dev.databases import Access, Databases
from infra.dev.postgresql import PostgreSQL
from infra.dev.redis_server import RedisServer, require_redis
from infra.dev.state import Hold, make_private, socket_directory

SERVICES = ("auth", "spaces", "creditbank")
T = TypeVar("T")


@dataclass(frozen=True)
class ServiceStore:
    """The store addresses of one service."""

    database: str
    migrations_database: str
    redis: str
    name: str  # of the database
    service_role: str


@dataclass(frozen=True, eq=False)
class Stores:
    """The stores. `postgresql` and `redis_server` are None where the environment named a server."""

    services: Mapping[str, ServiceStore]
    redis: str
    administration: str
    prefix: str
    postgresql: PostgreSQL | None
    redis_server: RedisServer | None
    _databases: Databases
    _hold: Hold

    def have_data(self) -> bool:
        """Whether the databases are ours alone and were made by an earlier run."""
        return self.postgresql is not None and self.postgresql.has_data()

    def start_servers(self) -> None:
        """Returns when the embedded servers answer, and the others were found to."""
        for server in (self.redis_server, self.postgresql):
            if server is not None:
                server.start()
        if self.redis_server is None:
            require_redis(self.redis)

    def prepare(self) -> None:
        """Makes the databases and roles that are missing; the servers run."""
        complete(_prepare_all(self._databases, [store.name for store in self.services.values()]))

    def copy_database(self, service: str) -> ServiceStore:
        """A new database like the one of `service`, to which nobody may be connected; about 50 ms."""
        original = f"{self.prefix}_{service}"
        copied = complete(self._databases.copy(original, f"{original}_{secrets.token_hex(4)}"))
        return _store(copied, self.redis)

    def new_database(self, name: str) -> ServiceStore:
        """An empty database with two roles of its own, for what is none of the services."""
        return _store(complete(self._databases.prepare(f"{self.prefix}_{name}")), self.redis)

    def drop_database(self, store: ServiceStore) -> None:
        """Removes a copy, ending the connections to it."""
        complete(self._databases.drop(store.name))

    def forget(self) -> None:
        """Removes every database and role of this prefix."""
        complete(self._databases.drop_all(f"{self.prefix}_"))

    def stop(self) -> None:
        """Stops the embedded servers and lets the state directory go."""
        for server in (self.redis_server, self.postgresql):
            if server is not None:
                server.stop()
        self._hold.release()


def start_stores(
    state: Path,
    prefix: str = "xuebu",
    *,
    services: Sequence[str] = SERVICES,
    environment: Mapping[str, str] = os.environ,
    durable: bool = True,
) -> Stores:
    """The stores, running, with one database and two roles for each service.

    Embedded ones that are not `durable` are quicker, and lose what they hold when the machine stops.
    Raises StateInUseError when another process uses `state`, StartError when a server does not come up.
    """
    stores = choose_stores(state, prefix, services=services, environment=environment, durable=durable)
    try:
        stores.start_servers()
        stores.prepare()
    except BaseException:
        stores.stop()
        raise
    return stores


def choose_stores(
    state: Path,
    prefix: str = "xuebu",
    *,
    services: Sequence[str] = SERVICES,
    environment: Mapping[str, str] = os.environ,
    durable: bool = True,
) -> Stores:
    """The stores in `state`, or those DATABASE and REDIS name, with all addresses known and nothing started.

    Raises StateInUseError when another process uses `state`.
    """
    state = state.resolve()
    hold = Hold(state)
    try:
        make_private(state / "logs")
        sockets = socket_directory(state)
        redis, administration = environment.get("REDIS", ""), environment.get("DATABASE", "")
        redis_server: RedisServer | None = None
        postgresql: PostgreSQL | None = None
        if not redis:
            redis_server = RedisServer(state / "redis", sockets, state / "logs" / "redis.log")
            redis = redis_server.address
        if not administration:
            log = state / "logs" / "postgresql.log"
            postgresql = PostgreSQL(state / "postgresql", sockets, log, durable=durable)
            administration = postgresql.administration
        databases = Databases(administration, None if postgresql else state / "roles.json")
        found = {service: databases.access(f"{prefix}_{service}") for service in services}
    except BaseException:
        hold.release()
        raise
    return Stores(
        services={name: _store(access, redis) for name, access in found.items()},
        redis=redis,
        administration=administration,
        prefix=prefix,
        postgresql=postgresql,
        redis_server=redis_server,
        _databases=databases,
        _hold=hold,
    )


def _store(access: Access, redis: str) -> ServiceStore:
    return ServiceStore(access.runtime, access.owner, redis, access.name, access.service_role)


async def _prepare_all(databases: Databases, names: Sequence[str]) -> None:
    import asyncio

    await asyncio.gather(*(databases.prepare(name) for name in names))


def complete(work: Coroutine[Any, Any, T]) -> T:
    """Runs the coroutine to its end, in a thread of its own: the caller may be inside a running loop."""
    import asyncio
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()
