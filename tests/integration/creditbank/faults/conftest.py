"""A bank on a PostgreSQL server of its own, with rules in force, whose processes may be killed."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import httpx
import pytest

from infra.dev.processes import StartError
from infra.dev.stores import ServiceStore, Stores, complete, start_stores
from libs.common import migrations
from libs.common.database import Database
from libs.common.ids import new_id
from services.creditbank.deposits.service import PostingDesk
from services.creditbank.learners.keys import KeyRing
from services.creditbank.settings import CreditbankSettings
from tests.conftest import ROOT
from tests.integration.creditbank.conftest import WATCH, settings_for
from tests.integration.creditbank.faults.callers import ECTS, EXPIRING, Acknowledged, People, Teller
from tests.integration.creditbank.faults.victims import Server, ServiceProcess
from tests.integration.creditbank.rules.conftest import conversion, programme, rule
from tests.integration.creditbank.test_races import call, item
from tests.integration.creditbank.world import District, make_district, person, tell_of_people
from tests.issuer import Issuer

TELLERS = 6
#: who has lots for what is done without HTTP
SPENDERS = 3
_SCHEMES = """
insert into scheme (id, code, title_en, title_zh, decimals, valid_months) values
  (900, $1, 'ECTS', '欧洲学分', 2, null), (901, 'test:other', 'Other', '另一种', 2, null),
  (902, $2, 'Expiring', '会过期的学分', 2, 12)
"""


@dataclass
class Bank:
    """What is killed, who calls, and what they were told."""

    store: ServiceStore
    settings: CreditbankSettings
    keys: KeyRing
    service: ServiceProcess
    server: Server
    district: District
    told: Acknowledged
    tellers: list[Teller]
    spenders: list[int]

    async def connect(self) -> "asyncpg.Connection[asyncpg.Record]":
        """A connection of the service's role, while the server is up."""
        return await Database(self.store.database, name="test of faults").connect()


@pytest.fixture
def own_stores(stores: Stores, tmp_path: Path) -> Iterator[Stores]:
    """A server that nobody else uses; Redis is the session's."""
    try:
        running = start_stores(
            tmp_path / "state", "faults", services=("creditbank",), environment={"REDIS": stores.redis}
        )
    except StartError as error:
        pytest.skip(f"a PostgreSQL server of one's own is needed: {error}")
    yield running
    running.stop()


@dataclass
class Running:
    """A bank that has been started and knows nobody yet, and a way to call it."""

    store: ServiceStore
    settings: CreditbankSettings
    keys: KeyRing
    service: ServiceProcess
    server: Server
    http: httpx.AsyncClient


@pytest.fixture
async def running(own_stores: Stores, issuer: Issuer, tmp_path: Path) -> AsyncIterator[Running]:
    store = own_stores.services["creditbank"]
    folder = ROOT / "services" / "creditbank" / "migrations"
    complete(migrations.upgrade(folder, store.migrations_database, service_role=store.service_role))
    await _watched_with_schemes(store)
    settings = settings_for(
        store,
        issuer,
        log_directory=tmp_path / "log",
        log_interval_seconds=0.02,
        sweep_interval_seconds=0.05,
        xapi_delivery_interval_seconds=0.05,
    )
    keys = KeyRing(settings.key_encryption_key.get_secret_value())
    service = ServiceProcess(settings, issuer, tmp_path / "service.sock")
    assert own_stores.postgresql is not None
    server = Server(own_stores.postgresql)
    await service.load()
    await service.start()
    transport = httpx.AsyncHTTPTransport(uds=str(service.socket))
    async with httpx.AsyncClient(transport=transport, base_url="http://bank", timeout=60) as http:
        try:
            yield Running(store, settings, keys, service, server, http)
        finally:
            await service.end()
            server.end()


@pytest.fixture
async def bank(running: Running, issuer: Issuer) -> Bank:
    one = running
    return await _furnished(one.store, one.settings, one.keys, one.service, one.server, one.http, issuer)


async def _watched_with_schemes(store: ServiceStore) -> None:
    connection = await asyncpg.connect(store.migrations_database)
    await connection.execute(WATCH)
    await connection.execute(_SCHEMES, ECTS, EXPIRING)
    await connection.close()


async def _furnished(
    store: ServiceStore,
    settings: CreditbankSettings,
    keys: KeyRing,
    service: ServiceProcess,
    server: Server,
    http: httpx.AsyncClient,
    issuer: Issuer,
) -> Bank:
    """Learners, people who decide, rules that two of them published, and lots to spend."""
    database = await Database(store.database).start()
    told = Acknowledged()
    district = await make_district(database, keys, students=TELLERS + SPENDERS)
    people = People(new_id(), new_id())
    await tell_of_people(
        database,
        keys,
        person(people.registrar, ("registrar", district.school)),
        person(people.second, ("administrator", district.school)),
    )
    first = Teller(http, issuer, district, people, told, 0)
    published = []
    for document in (conversion(target=ECTS), programme()):
        made = await first.done(
            "POST", "/v1/rules", first.person(people.registrar), json=rule(district.school, document)
        )
        await first.decided(f"/v1/rules/{made['id']}", people.second, "approve")
        published.append(made["id"])
    people = People(people.registrar, people.second, *published)
    spenders = district.students[TELLERS:]
    filling = [item(district, who, f"{who} {n}", amount=100_000) for who in spenders for n in range(3)]
    (answers,) = await PostingDesk(database, keys).post([call(district, *filling)])
    entries = [str(one.entry) for one in answers.items]  # type: ignore[union-attr]
    told.entries.update(zip((one.key for one in filling), entries, strict=True))
    numbers = await database.pool.fetch("select number from learner where id = any($1)", spenders)
    await database.stop()
    district.students = district.students[:TELLERS]
    tellers = [Teller(http, issuer, district, people, told, number) for number in range(TELLERS)]
    spending = [row["number"] for row in numbers]
    return Bank(store, settings, keys, service, server, district, told, tellers, spending)
