"""Drafts the next numbered migration of a service: what its tables have that its migrations do not make."""

import functools
import re
import secrets
import shutil
import sys
from importlib import import_module

import asyncpg
from alembic.autogenerate import api
from alembic.migration import MigrationContext
from alembic.operations.ops import UpgradeOps
from sqlalchemy import Connection, MetaData
from sqlalchemy.ext.asyncio import create_async_engine

from infra.dev.environment import ROOT
from infra.dev.migrating import newest
from infra.dev.stores import SERVICES, ServiceStore, complete, start_stores
from libs.common import migrations

DRAFT = '''"""{message}."""

import sqlalchemy as sa
from alembic import op

revision = "{revision}"
down_revision = {previous}


def upgrade() -> None:
    {upgrade}
'''


def main() -> int:
    """Arguments: SERVICE MESSAGE. Writes the draft and names it; the author completes and checks it."""
    service, message = [*sys.argv[1:], "", ""][:2]
    if service not in SERVICES or not message:
        print('usage: make migration service=auth|spaces|creditbank m="what it does"', file=sys.stderr)
        return 2
    folder = ROOT / "services" / service / "migrations"
    state = ROOT / ".state" / "test" / secrets.token_hex(4)
    stores = start_stores(state, services=[service], environment={})
    try:
        upgrade = complete(_difference(service, stores.services[service]))
    finally:
        stores.stop()
        shutil.rmtree(state, ignore_errors=True)
    previous = newest(service)
    number = f"{int(previous or 0) + 1:04}"
    slug = "_".join(re.findall(r"[a-z0-9]+", message.lower())[:6])
    draft = folder / "versions" / f"{number}_{slug}.py"
    before = f'"{previous}"' if previous else "None"
    text = DRAFT.format(message=message.rstrip("."), revision=number, previous=before, upgrade=upgrade)
    draft.write_text(text)
    print(f"Drafted {draft.relative_to(ROOT)}: complete it, then run `make fix` and `make test`.")
    return 0


async def _difference(service: str, store: ServiceStore) -> str:
    folder = ROOT / "services" / service / "migrations"
    await migrations.upgrade(folder, store.migrations_database, service_role=store.service_role)
    metadata: MetaData = import_module(f"services.{service}.metadata").METADATA
    connect = functools.partial(asyncpg.connect, store.migrations_database)
    engine = create_async_engine("postgresql+asyncpg://", async_creator=connect)
    try:
        async with engine.connect() as connection:
            return await connection.run_sync(_render, metadata)
    finally:
        await engine.dispose()


def _render(connection: Connection, metadata: MetaData) -> str:
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    operations = api.produce_migrations(context, metadata).upgrade_ops or UpgradeOps([])
    return api.render_python_code(operations, migration_context=context)


if __name__ == "__main__":
    sys.exit(main())
