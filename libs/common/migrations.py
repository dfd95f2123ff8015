"""Migrations: one numbered history per service and database, applied in process by the owning role.

Revision ids are the numbers of the files: `versions/0001_first.py` is revision "0001". Each must work
with the previous release of the service; adding NOT NULL therefore takes three steps.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import asyncpg
from alembic import command, context, op
from alembic.config import Config
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine

from libs.common.ids import UUID7_FUNCTION

if TYPE_CHECKING:  # a migration needs nothing of what serving needs
    from libs.common.database import Database

_LOCK = 0x0A1E4B1C


async def upgrade(folder: Path, address: str, *, service_role: str, revision: str = "head") -> None:
    """Bring the database at `address` (of its owner) up to the newest revision.

    Only one process migrates at a time; a table lock that cannot be had in 5 s fails the migration
    rather than queueing the service's requests behind it.
    """

    async def connect() -> "asyncpg.Connection[asyncpg.Record]":
        return await asyncpg.connect(address, server_settings={"application_name": "migrations"})

    engine = create_async_engine("postgresql+asyncpg://", async_creator=connect, pool_size=1, max_overflow=0)
    try:
        async with engine.begin() as connection:
            await connection.execute(text("set local lock_timeout = '5s'"))
            await connection.execute(text("select pg_advisory_xact_lock(:key)"), {"key": _LOCK})
            await connection.run_sync(_upgrade, folder, service_role, revision)
    finally:
        await engine.dispose()


def _upgrade(connection: Connection, folder: Path, service_role: str, revision: str) -> None:
    command.upgrade(configuration(folder, connection, service_role), revision)


def configuration(folder: Path, connection: Connection, service_role: str) -> Config:
    """Alembic's configuration for a folder of migrations, without an .ini file."""
    config = Config()
    config.set_main_option("script_location", str(folder))
    config.set_main_option("path_separator", "os")
    config.attributes.update(connection=connection, service_role=service_role)
    return config


def run_environment() -> None:
    """The whole of a service's `migrations/env.py`: migrations are applied without the code they are for."""
    context.configure(connection=context.config.attributes["connection"], target_metadata=None)
    with context.begin_transaction():
        context.run_migrations()


def service_role() -> str:
    """The role that serves requests, quoted: migrations take rights away from it."""
    name: str = context.config.attributes["service_role"]
    return '"' + name.replace('"', '""') + '"'


def create_uuid7() -> None:
    op.execute(UUID7_FUNCTION)


def create_outbox() -> None:
    """The outbox as `libs.common.outbox.outbox_table` declares it."""
    op.execute(
        """
        create table outbox (
          position bigint generated always as identity primary key,
          id uuid not null,
          type text not null,
          subject text not null,
          time timestamptz not null default now(),
          data json not null,
          traceparent text,
          sequence bigint
        )
        """
    )
    op.execute("create unique index outbox_sequence on outbox (sequence) where sequence is not null")
    op.execute("create index outbox_unnumbered on outbox (position) where sequence is null")


def create_inbox() -> None:
    op.execute("create table inbox (source text primary key, sequence bigint not null default 0)")


def newest_revision(folder: Path) -> str:
    """The revision the code of this release needs, read from the file names."""
    return max(path.name[:4] for path in (folder / "versions").glob("[0-9][0-9][0-9][0-9]_*.py"))


async def is_up_to_date(database: "Database", folder: Path) -> bool:
    """Whether the database has at least the revision this release needs."""
    exists: Any = await database.pool.fetchval("select to_regclass('alembic_version')")
    if exists is None:
        return False
    found = await database.pool.fetchval("select version_num from alembic_version")
    return found is not None and found >= newest_revision(folder)
