"""`python -m bench.sealing`: the public log of the credit bank against posting, in one run, on own stores.

Posting is the library's, calls of 1,000 by two writers. What the trigger on entries costs is measured by
turns, with and without it; the lag is that of the sequencer as a process of its own beside full posting.
"""

import argparse
import asyncio
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from statistics import median

import asyncpg

from bench.report import Report
from infra.dev.stores import ServiceStore, start_stores
from libs.common import migrations
from libs.common.database import Database
from libs.common.events import Event
from libs.common.ids import new_id
from services.creditbank.deposits.rules import Call, Item
from services.creditbank.deposits.service import PostingDesk
from services.creditbank.learners.handlers import person_changed
from services.creditbank.learners.keys import KeyRing
from services.creditbank.log.commands import verify_export, write_export
from services.creditbank.log.sequencing import Sequencing
from services.creditbank.settings import CreditbankSettings

ROOT = Path(__file__).resolve().parents[1]
LEARNERS = 20_000
BATCH = 1_000
TURNS = 12
CALLS = 12
_LINES = """
insert into institution (id, version, status, type, name, ancestors)
values ($1, 1, 'active', 'school', 'S', array[$1::uuid])
"""
_QUEUE = """
truncate log_pending;
insert into log_pending (leaves, commitments)
  select count(*), array_agg(commitment)
  from (select commitment, (row_number() over () - 1) / 1000 as part from entry) e group by part
"""
_COURSE = "insert into outcome (id, version, status, title, organisation) values ($1, 1, 'active', 'C', $2)"
_BYTES = """
select sum(pg_total_relation_size(t))::float
from unnest(array['log_block', 'log_checkpoint', 'log', 'log_key']::regclass[]) t
"""


class Bank:
    """A school, a course, learners, and a desk to post at."""

    def __init__(self, database: Database, settings: CreditbankSettings) -> None:
        self.database = database
        self.keys = KeyRing(settings.key_encryption_key.get_secret_value())
        self.desk = PostingDesk(database, self.keys)
        self.school, self.course = new_id(), new_id()
        self.learners = [new_id() for _ in range(LEARNERS)]
        self.posted = 0

    async def prepare(self) -> None:
        await self.database.pool.execute(_LINES, self.school)
        await self.database.pool.execute(_COURSE, self.course, self.school)
        connection = await self.database.connect()
        for first in range(0, LEARNERS, BATCH):
            events = [self._person(learner) for learner in self.learners[first : first + BATCH]]
            async with connection.transaction():
                await person_changed(self.keys)(connection, events)
        await connection.close()

    def _person(self, learner: object) -> Event:
        role = {"role": "student", "organisation": self.school, "primary": True, "from": None, "to": None}
        data = {"id": learner, "version": 1, "status": "active", "identifiers": [], "roles": [role]}
        text = json.dumps(data, default=str).encode()
        return Event(
            id=new_id(), sequence=1, type="any", subject=str(learner), time=datetime.now(UTC), data=text
        )

    async def post(self) -> float:
        """One call; how long it took."""
        items = [
            Item(f"{new_id()}", self.learners[(self.posted + n) % LEARNERS], None, self.course, None,
                 f"{new_id()}", 100, "A", date(2026, 6, 30))
            for n in range(BATCH)
        ]  # fmt: skip
        began = time.perf_counter()
        await self.desk.post([Call(new_id(), self.school, self.school, "b", "xuebu:credits", items)])
        self.posted += BATCH
        return time.perf_counter() - began

    async def post_for(self, seconds: float) -> float:
        """Entries a second, two writers."""
        began, before = time.perf_counter(), self.posted

        async def write() -> None:
            while time.perf_counter() - began < seconds:
                await self.post()

        await asyncio.gather(write(), write())
        return (self.posted - before) / (time.perf_counter() - began)


async def measure(report: Report, store: ServiceStore, directory: Path, seconds: float) -> None:
    settings = CreditbankSettings(
        environment="development",
        database=store.database,
        redis=store.redis,
        issuer="http://127.0.0.1:1",
        log_directory=directory,
    )
    database = await Database(store.database).start()
    owner = await asyncpg.connect(store.migrations_database)
    bank = Bank(database, settings)
    await bank.prepare()
    await bank.post_for(1)
    times: dict[str, list[float]] = {"enable": [], "disable": []}
    for turn in range(TURNS):
        for act in ("enable", "disable") if turn % 2 else ("disable", "enable"):
            await owner.execute(f"alter table entry {act} trigger entry_awaits_its_leaf")
            await bank.post()
            times[act] += [await bank.post() for _ in range(CALLS)]
    await owner.execute("alter table entry enable trigger entry_awaits_its_leaf")
    await owner.execute(_QUEUE)
    ratio = median(times["disable"]) / median(times["enable"])
    report.add("posting with the log's trigger / without", ratio, "of entries/s", 0.95)
    alone = await bank.post_for(seconds)
    rate = await _seal_all(database, settings)
    report.add("sealing a queue / posting", rate / alone, "of entries/s", 5, note=f"{rate:,.0f} leaves/s")
    with _sequencing(store, directory):
        lag, beside = await _lag(bank, directory, seconds * 3)
    report.add("sealing lag at full load", lag, "s", 5, "at most", note=f"{beside:,.0f} entries/s")
    report.add("posting while it is sealed / posting", beside / alone, "of entries/s")
    await owner.execute("vacuum full log_block")
    sealed = int(await owner.fetchval("select sum(leaves) from log"))
    stored = await owner.fetchval(_BYTES) / sealed
    report.add("the log in PostgreSQL", stored, "bytes a leaf", 40, "at most")
    size = _size_of(directory)
    report.add("the log on disk", size / sealed, "bytes a leaf", 40, "at most", note=f"{sealed:,} leaves")
    await _prove(report, owner, settings, directory.with_name("export"), sealed)
    await owner.close()
    await database.stop()


async def _prove(
    report: Report,
    owner: "asyncpg.Connection[asyncpg.Record]",
    settings: CreditbankSettings,
    directory: Path,
    entries: int,
) -> None:
    """Export, verification on this machine, and the audit's recomputing of every checkpoint in SQL."""
    began = time.perf_counter()
    await write_export(settings, directory)
    report.add("export", entries / (time.perf_counter() - began), "entries/s")
    began = time.perf_counter()
    await asyncio.to_thread(verify_export, directory, [])
    report.add("verify of an export", entries / (time.perf_counter() - began), "entries/s")
    began = time.perf_counter()
    assert await owner.fetch("select * from broken_checkpoint()") == []
    report.add("every root anew in SQL, by the audit", entries / (time.perf_counter() - began), "leaves/s")


def _size_of(directory: Path) -> int:
    return sum(path.stat().st_size for path in directory.rglob("*") if path.is_file())


async def _seal_all(database: Database, settings: CreditbankSettings) -> float:
    """Seal the whole queue, one checkpoint after the other: leaves a second."""
    connection = await database.connect()
    sequencer = Sequencing(database, settings).sequencer(connection)
    await sequencer.open()
    began, total = time.perf_counter(), 0
    while gained := await sequencer.step():
        total += gained
    took = time.perf_counter() - began
    await connection.close()
    return total / took


@contextmanager
def _sequencing(store: ServiceStore, directory: Path) -> Iterator[None]:
    """The sequencer as a process of its own."""
    environment = {
        "CREDITBANK_ENVIRONMENT": "development",
        "CREDITBANK_DATABASE": store.database,
        "CREDITBANK_REDIS": store.redis,
        "CREDITBANK_ISSUER": "http://127.0.0.1:1",
        "CREDITBANK_LOG_DIRECTORY": str(directory),
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "services.creditbank", "sequence"],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait()


async def _lag(bank: Bank, directory: Path, seconds: float) -> tuple[float, float]:
    """The longest time from an entry's commit to the published checkpoint that covers it, and the rate."""
    (checkpoint,) = await asyncio.to_thread(lambda: list(directory.glob("*/checkpoint")))

    def published() -> int:
        return int(checkpoint.read_text().split("\n")[1])

    await bank.post_for(2)
    while published() < bank.posted:  # noqa: ASYNC110  another process seals
        await asyncio.sleep(0.05)
    committed: list[tuple[float, int]] = []
    posting = asyncio.create_task(bank.post_for(seconds))
    longest = 0.0
    while not posting.done() or committed:
        await asyncio.sleep(0.02)
        now = time.perf_counter()
        if not committed or committed[-1][1] != bank.posted:
            committed.append((now, bank.posted))
        reached = published()
        while committed and committed[0][1] <= reached:
            longest = max(longest, now - committed.pop(0)[0])
        if posting.done() and reached >= bank.posted:
            committed.clear()
    return longest, await posting


def run(report: Report, seconds: float) -> None:
    """Every measure, on stores that are gone afterwards."""
    state = ROOT / ".state" / "bench-sealing"
    shutil.rmtree(state, ignore_errors=True)
    stores = start_stores(state, "xuebu_sealing")
    try:
        store = stores.services["creditbank"]
        folder = ROOT / "services" / "creditbank" / "migrations"
        asyncio.run(migrations.upgrade(folder, store.migrations_database, service_role=store.service_role))
        asyncio.run(measure(report, store, state / "log", seconds))
    finally:
        stores.stop()
        shutil.rmtree(state, ignore_errors=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.sealing", description=__doc__)
    parser.add_argument("--seconds", type=float, default=4.0, help="length of each measure")
    run(Report(), parser.parse_args().seconds)


if __name__ == "__main__":
    main()
