"""PostgreSQL: one engine for ordinary work, one raw pool for hot paths, and the only transaction code.

The session is the unit of work. One request is one transaction, committed before the answer leaves:
the dependencies here have function scope, so a failing commit becomes the answer it should be.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Annotated, Any, Self, TypeVar

import asyncpg
from fastapi import Depends, Request
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker, create_async_engine
from sqlmodel.ext.asyncio.session import AsyncSession

from libs.common.pool import create_pool

#: SQLSTATE of a deadlock and of a serialization failure: run the transaction again
RETRYABLE = frozenset({"40P01", "40001"})
#: SQLSTATE classes and codes that say the server is away, starting, stopping or full
AWAY = ("08", "57P", "53300")
_ATTEMPTS = 5

Result = TypeVar("Result")


class Database:
    """One service's database as one role sees it. `start` before use, `stop` at the end."""

    pool: "asyncpg.Pool[asyncpg.Record]"
    engine: AsyncEngine

    def __init__(self, address: str, *, pool_size: int = 4, name: str = "xuebu") -> None:
        self.address = address
        self.pool_size = pool_size
        self.name = name
        # Times that PostgreSQL itself writes into JSON are to be UTC, wherever the server stands.
        self._session_settings = {"application_name": name, "timezone": "UTC"}
        #: set by the relay of this process; called after a transaction that recorded events
        self.events_recorded: Callable[[], None] = lambda: None
        #: set where revocations of tokens are kept; awaited after a transaction that recorded some
        self.revocations_recorded: Callable[[], Awaitable[object]] = _nothing

    async def connect(self) -> "asyncpg.Connection[asyncpg.Record]":
        """A connection of one's own, outside the pools, for locks held over a long time."""
        connection: asyncpg.Connection[asyncpg.Record] = await asyncpg.connect(
            self.address, server_settings=self._session_settings
        )
        await _pass_json_through(connection)
        return connection

    async def start(self) -> Self:
        """Open the pools; connections themselves are made when first needed."""
        self.engine = create_async_engine(
            "postgresql+asyncpg://",
            async_creator=self._plain_connection,
            pool_size=self.pool_size,
            max_overflow=0,
            pool_timeout=10,
        )
        event.listen(self.engine.sync_engine, "checkout", _refuse_closed)
        self._writers = async_sessionmaker(self.engine, class_=AsyncSession, expire_on_commit=False)
        self._readers = async_sessionmaker(
            self.engine.execution_options(isolation_level="AUTOCOMMIT"),
            class_=AsyncSession,
            expire_on_commit=False,
        )
        self.pool = await create_pool(
            self.address,
            size=self.pool_size,
            command_timeout=30,
            init=_pass_json_through,
            server_settings=self._session_settings,
        )
        return self

    async def stop(self) -> None:
        await self.engine.dispose()
        try:
            await asyncio.wait_for(self.pool.close(), timeout=5)
        except TimeoutError:
            self.pool.terminate()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """A session whose work is committed at the end and undone by any exception."""
        async with self._writers() as session:
            async with session.begin():
                yield session
            if session.info.get("events"):
                self.events_recorded()
            if session.info.get("revocations"):
                await self.revocations_recorded()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """A session for reads: each statement sees its own snapshot, nothing is held open."""
        async with self._readers() as session:
            yield session

    async def _plain_connection(self) -> "asyncpg.Connection[asyncpg.Record]":
        return await asyncpg.connect(self.address, command_timeout=30, server_settings=self._session_settings)


async def retrying(work: Callable[[], Awaitable[Result]]) -> Result:
    """Run a whole transaction, again if PostgreSQL ended it for a deadlock or a serialization failure."""
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            return await work()
        except (asyncpg.PostgresError, DBAPIError) as error:
            if sqlstate(error) not in RETRYABLE or attempt == _ATTEMPTS:
                raise
            await asyncio.sleep(0.01 * attempt)
    raise AssertionError("unreachable")


def sqlstate(error: BaseException) -> str | None:
    """The five-character code of a PostgreSQL error, also inside SQLAlchemy's wrapping."""
    if isinstance(error, DBAPIError):
        error = error.orig if error.orig is not None else error
    code = getattr(error, "sqlstate", None)
    return code if isinstance(code, str) else None


def constraint(error: BaseException) -> str | None:
    """The name of the constraint a PostgreSQL error speaks of, also inside SQLAlchemy's wrapping."""
    cause: BaseException | None = error
    while cause is not None:
        name = getattr(cause, "constraint_name", None)
        if isinstance(name, str):
            return name
        cause = getattr(cause, "orig", None) or cause.__cause__
    return None


def is_away(error: BaseException) -> bool:
    """Whether the error means that PostgreSQL cannot be reached now, rather than that it refused."""
    if isinstance(error, DBAPIError):
        if error.connection_invalidated:
            return True
        error = error.orig.__cause__ or error.orig if error.orig is not None else error
    code = getattr(error, "sqlstate", None)
    if isinstance(code, str):
        return code.startswith(AWAY)
    # The last is what asyncpg says when the server dies between two of its own steps.
    return isinstance(error, (OSError, TimeoutError, asyncpg.InterfaceError, asyncpg.InternalClientError))


def is_passing(error: BaseException) -> bool:
    """Whether nothing was changed and the same may go well soon: the store was away, or chose another."""
    return is_away(error) or sqlstate(error) in RETRYABLE


async def _pass_json_through(connection: Any) -> None:
    """Hand json and jsonb over as the bytes they are: parsing is the caller's choice."""
    await connection.set_type_codec(
        "json", schema="pg_catalog", encoder=lambda value: value, decoder=bytes, format="binary"
    )
    await connection.set_type_codec(
        "jsonb",
        schema="pg_catalog",
        encoder=lambda value: b"\x01" + value,
        decoder=lambda value: bytes(value[1:]),
        format="binary",
    )


async def _nothing() -> None:
    """What is done where nobody asked to be told."""


def _refuse_closed(connection: Any, _record: Any, _proxy: Any) -> None:
    """Never hand out a connection the server has ended: SQLAlchemy then makes a new one, at no round trip."""
    if connection.driver_connection.is_closed():
        raise DisconnectionError


def database_of(request: Request) -> Database:
    database: Database = request.app.state.database
    return database


async def _writing(request: Request) -> AsyncIterator[AsyncSession]:
    async with database_of(request).transaction() as session:
        yield session


async def _reading(request: Request) -> AsyncIterator[AsyncSession]:
    async with database_of(request).reading() as session:
        yield session


async def _database(request: Request) -> Database:
    return database_of(request)


#: the request's transaction; committed before the answer leaves
Writing = Annotated[AsyncSession, Depends(_writing, scope="function")]
#: a session for reads
Reading = Annotated[AsyncSession, Depends(_reading, scope="function")]
#: the database itself, for hot paths on its raw pool
DatabaseOf = Annotated[Database, Depends(_database)]
