"""The migration matches the declared tables, and the audit as a command."""

import asyncio
import os
import sys
from collections.abc import Callable
from typing import Any

import asyncpg
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection

from infra.dev.stores import ServiceStore
from libs.common.database import Database
from services.creditbank.deposits.service import PostingDesk
from services.creditbank.learners.keys import KeyRing
from services.creditbank.metadata import METADATA
from tests.integration.creditbank.test_races import call, item
from tests.integration.creditbank.world import make_district


async def test_the_declared_tables_are_those_of_the_migration(database: Database) -> None:
    def differences(connection: Connection) -> list[Any]:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, METADATA))

    async with database.engine.connect() as connection:
        assert await connection.run_sync(differences) == []


async def _audit(store: ServiceStore) -> tuple[int | None, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "services.creditbank",
        "audit",
        env={
            **os.environ,
            "CREDITBANK_ENVIRONMENT": "development",
            "CREDITBANK_DATABASE": store.database,
            "CREDITBANK_REDIS": store.redis,
            "CREDITBANK_ISSUER": "http://127.0.0.1:8001",
        },
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    return process.returncode, output.decode()


async def test_the_audit_command_proves_the_books_or_names_the_row(
    fresh_database: Callable[[str], ServiceStore], keys: KeyRing
) -> None:
    store = fresh_database("creditbank")
    database = await Database(store.database).start()
    district = await make_district(database, keys)
    await PostingDesk(database, keys).post([call(district, item(district, district.students[0], "k"))])
    await database.stop()
    status, output = await _audit(store)
    assert (status, output.count("holds"), "BROKEN" in output) == (0, len(output.splitlines()), False)
    owner = await asyncpg.connect(store.migrations_database)
    await owner.execute("update lot set grade = 'A+'")
    await owner.close()
    status, output = await _audit(store)
    assert status == 1
    assert 'BROKEN at {"learner":1,"scheme":1,"sequence":1}' in output
