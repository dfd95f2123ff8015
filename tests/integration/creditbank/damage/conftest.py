"""A bank in which everything has happened once, and a superuser who can alter any of it."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from infra.dev.stores import ServiceStore, Stores
from libs.common.database import Database
from services.creditbank.app import build
from services.creditbank.books.service import Finding, audit
from services.creditbank.learners.keys import KeyRing
from services.creditbank.tables import Connection
from tests.integration.creditbank.conftest import Bank, settings_for
from tests.integration.creditbank.damage.everything import Everything, let_it_happen
from tests.issuer import Issuer

#: what protects the tables from a mistake does not protect them from a superuser
_UNPROTECTED = """
select format('alter table %s drop constraint %I', conrelid::regclass, conname)
from pg_constraint where contype in ('c', 'u') and connamespace = 'public'::regnamespace
union all
select format('drop index %s', i.indexrelid::regclass)
from pg_index i join pg_class t on t.oid = i.indrelid
where i.indisunique and t.relnamespace = 'public'::regnamespace
  and not exists (select from pg_constraint c where c.conindid = i.indexrelid)
"""


@dataclass
class Broken:
    """What one act of the superuser broke: the keys of the rows it says it altered, and the findings."""

    altered: list[dict[str, Any]]
    findings: list[Finding]


class Superuser:
    """Alters rows behind the bank's back, has the bank's own role audit them, and undoes it."""

    def __init__(self, connection: Connection, role: str, keys: KeyRing) -> None:
        self._connection = connection
        self._role = role
        self._keys = keys

    async def audit(self) -> list[Finding]:
        return (await self.breaks(None)).findings

    async def breaks(self, act: str | None) -> Broken:
        connection = self._connection
        undone = connection.transaction(isolation="repeatable_read")
        await undone.start()
        try:
            await connection.execute("set local session_replication_role = replica")
            altered = [] if act is None else await self._alter(act.replace("$service", self._role))
            await connection.execute(f"set local role {self._role}")
            return Broken(altered, await audit(connection, self._keys))
        finally:
            await undone.rollback()

    async def _alter(self, act: str) -> list[dict[str, Any]]:
        rows = [dict(row) for row in await self._connection.fetch(act)]
        return rows or [{"name": act.split()[3]}] if act.startswith("grant") else rows


@pytest.fixture(scope="module")
async def superuser(
    stores: Stores,
    service_database: Callable[[str], ServiceStore],
    issuer: Issuer,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Superuser]:
    service_database("creditbank")
    store = stores.copy_database("creditbank")
    settings = settings_for(store, issuer, log_directory=tmp_path_factory.mktemp("log"))
    app = build(settings, keys=lambda _app: issuer.source(), background=False)
    keys = KeyRing(settings.key_encryption_key.get_secret_value())
    async with app.router.lifespan_context(app):
        await app.state.identity.refresh()
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://creditbank.example") as http:
            await let_it_happen(Everything(Bank(http, issuer), app, store, settings, keys))
    address = urlsplit(stores.administration)._replace(path=f"/{store.name}").geturl()
    connection = await Database(address, name="superuser").connect()
    for row in await connection.fetch(_UNPROTECTED):
        await connection.execute(row[0])
    yield Superuser(connection, store.service_role, keys)
    await connection.close()
    stores.drop_database(store)
