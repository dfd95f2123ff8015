"""The credit bank of the bench: a region of schools, courses, learners and a desk, on stores of its own."""

import asyncio
import gc
import random
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID

from bench.stores import bench_stores
from infra.dev.stores import ServiceStore, Stores
from libs.common import migrations
from libs.common.database import Database
from libs.common.events import Event
from libs.common.ids import new_id
from services.creditbank.deposits.rules import Call, Item
from services.creditbank.deposits.service import PostingDesk
from services.creditbank.learners.handlers import person_changed
from services.creditbank.learners.keys import KeyRing
from services.creditbank.settings import CreditbankSettings

ROOT = Path(__file__).resolve().parents[1]
BATCH = 1_000
LEARNERS = 100_000
SCHOOLS = 1_000
#: calls of the posting function at one time, as the service has by default
WRITERS = 2
SCHEME = "xuebu:credits"
_ORGANISATIONS = """
insert into institution (id, version, status, type, name, parent, ancestors)
select id, 1, 'active', case when id = $1 then 'region' else 'school' end, 'S' || n,
  case when id <> $1 then $1 end, case when id = $1 then array[$1] else array[$1, id] end
from unnest(array[$1::uuid] || $2::uuid[]) with ordinality as o (id, n)
"""
_COURSES = """
insert into outcome (id, version, status, title, organisation)
select gen_random_uuid(), 1, 'active', 'C' || n, $1 from generate_series(1, 1000) n returning id
"""


@dataclass(frozen=True)
class BankStore:
    """Where the bank is, and where its files are."""

    stores: Stores
    store: ServiceStore
    folder: Path

    def settings(self) -> CreditbankSettings:
        return CreditbankSettings(
            environment="development",
            database=self.store.database,
            redis=self.store.redis,
            issuer="http://127.0.0.1:1",
            log_directory=self.folder / "log",
        )


@contextmanager
def bank_store() -> Iterator[BankStore]:
    """Stores with a migrated database of the credit bank, gone afterwards."""
    with bench_stores() as stores:
        store = stores.services["creditbank"]
        folder = ROOT / "services" / "creditbank" / "migrations"
        asyncio.run(migrations.upgrade(folder, store.migrations_database, service_role=store.service_role))
        files = ROOT / ".state" / "bench-files"
        shutil.rmtree(files, ignore_errors=True)
        files.mkdir(parents=True)
        try:
            yield BankStore(stores, store, files)
        finally:
            shutil.rmtree(files, ignore_errors=True)


class Bank:
    """A region, its schools, courses and learners, and a desk to post at."""

    def __init__(self, database: Database, settings: CreditbankSettings) -> None:
        self.database = database
        self.settings = settings
        self.keys = KeyRing(settings.key_encryption_key.get_secret_value())
        self.desk = PostingDesk(database, self.keys)
        self.region = new_id()
        self.schools = [new_id() for _ in range(SCHOOLS)]
        self.courses: list[UUID] = []
        self.learners = [new_id() for _ in range(LEARNERS)]
        #: learners nothing is posted for at random
        self.readers = [new_id(), new_id()]
        self.posted = 0
        self._next = 0
        self._random = random.Random(1)

    async def prepare(self) -> None:
        """Institutions and courses, and learners as events tell of them."""
        pool = self.database.pool
        await pool.execute(_ORGANISATIONS, self.region, self.schools)
        self.courses = [row["id"] for row in await pool.fetch(_COURSES, self.region)]
        connection = await self.database.connect()
        everybody = self.learners + self.readers
        for first in range(0, len(everybody), BATCH):
            events = [self._person(learner) for learner in everybody[first : first + BATCH]]
            async with connection.transaction():
                await person_changed(self.keys)(connection, events)
        await connection.close()

    def _person(self, learner: UUID) -> Event:
        role = f'{{"role":"student","organisation":"{self.region}","primary":true,"from":null,"to":null}}'
        data = f'{{"id":"{learner}","version":1,"status":"active","identifiers":[],"roles":[{role}]}}'
        return Event(
            id=new_id(),
            sequence=1,
            type="any",
            subject=str(learner),
            time=datetime.now(UTC),
            data=data.encode(),
        )

    def items(self, count: int) -> list[Item]:
        """Items nobody has sent before, for learners drawn at random, each with an own key and attempt."""
        first, self._next = self._next, self._next + count
        return [
            Item(
                f"{self.region}/{n}", learner, None, self.courses[n // 25 % 1000], None,
                f"2026-{n}", 150, "A", date(2026, 6, 30),
            )
            for n, learner in enumerate(self._random.sample(self.learners, count), start=first)
        ]  # fmt: skip

    def call(self, items: list[Item], school: UUID | None = None) -> Call:
        """One call of the region's client for a school; the same one unless told."""
        return Call(new_id(), self.region, school or self.schools[0], "bench", SCHEME, items)

    def calls(self, count: int, size: int = BATCH, *, schools: int = 1) -> list[Call]:
        """Calls of fresh items, the n-th for the n-th of so many schools.

        What the bench holds ready no collection looks at: one would take 0.2 s of who posts it.
        """
        made = [self.call(self.items(size), self.schools[n % schools]) for n in range(count)]
        gc.freeze()
        return made

    async def post(self, calls: Sequence[Call], writers: int = WRITERS) -> float:
        """Post calls one by one, so many at a time; the items a second."""
        waiting = list(reversed(calls))
        began = time.perf_counter()

        async def write() -> None:
            while waiting:
                call = waiting.pop()
                await self.desk.post([call])
                self.posted += len(call.items)

        await asyncio.gather(*(write() for _ in range(writers)))
        return sum(len(call.items) for call in calls) / (time.perf_counter() - began)

    async def post_for(self, seconds: float) -> float:
        """Items a second, posted in calls of a thousand for so long."""
        began, before = time.perf_counter(), self.posted

        async def write() -> None:
            while time.perf_counter() - began < seconds:
                await self.desk.post(self.calls(1))
                self.posted += BATCH

        await asyncio.gather(*(write() for _ in range(WRITERS)))
        return (self.posted - before) / (time.perf_counter() - began)
