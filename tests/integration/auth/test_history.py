"""The migrations lead to the tables the code describes."""

from collections.abc import Callable
from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.ext.asyncio import create_async_engine

from infra.dev.stores import ServiceStore
from libs.common.database import Database
from services.auth.metadata import METADATA


async def test_nothing_is_left_to_migrate(fresh_database: Callable[[str], ServiceStore]) -> None:
    database = Database(fresh_database("auth").migrations_database)
    engine = create_async_engine("postgresql+asyncpg://", async_creator=database._plain_connection)

    def differences(connection: Any) -> list[Any]:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, METADATA))

    async with engine.connect() as connection:
        assert await connection.run_sync(differences) == []
    await engine.dispose()
