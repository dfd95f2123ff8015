"""Each service's migrations make exactly the tables its code declares, from nothing."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection

from infra.dev.stores import ServiceStore
from libs.common.database import Database
from libs.common.migrations import is_up_to_date, newest_revision
from tests.contract.conftest import Part

ROOT = Path(__file__).resolve().parents[2]


async def test_tables_and_migrations_agree(
    part: Part, service_database: Callable[[str], ServiceStore]
) -> None:
    database = await Database(service_database(part.name).migrations_database).start()

    def differences(connection: Connection) -> list[Any]:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, part.metadata.METADATA))

    try:
        async with database.engine.connect() as connection:
            assert await connection.run_sync(differences) == []
        folder = ROOT / "services" / part.name / "migrations"
        assert await is_up_to_date(database, folder)
        assert newest_revision(folder) >= "0001"
    finally:
        await database.stop()


async def test_a_service_cannot_change_its_own_tables(
    part: Part, service_database: Callable[[str], ServiceStore]
) -> None:
    database = await Database(service_database(part.name).database).start()
    try:
        owned = await database.pool.fetchval(
            "select count(*) from pg_tables where schemaname = 'public' and tableowner = current_user"
        )
        assert owned == 0
        assert not await database.pool.fetchval(
            "select has_schema_privilege(current_user, 'public', 'create')"
        )
    finally:
        await database.stop()
