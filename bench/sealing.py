"""`python -m bench.sealing`: the public log of the credit bank against posting, in one run, on own stores.

Posting is the library's, calls of 1,000 by two writers. What the trigger on entries costs is measured by
turns, with and without it; the lag is that of the sequencer as a process of its own beside full posting.
"""

import argparse
import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import asyncpg

from bench.bank import BATCH, Bank, BankStore, bank_store
from bench.report import Report
from infra.dev.stores import ServiceStore
from libs.common.database import Database
from services.creditbank.log.commands import verify_export, write_export
from services.creditbank.log.sequencing import Sequencing
from services.creditbank.settings import CreditbankSettings

ROOT = Path(__file__).resolve().parents[1]
TURNS = 12
CALLS = 12
_QUEUE = """
truncate log_pending;
insert into log_pending (leaves, commitments)
  select count(*), array_agg(commitment)
  from (select commitment, (row_number() over () - 1) / 1000 as part from entry) e group by part
"""
_BYTES = """
select sum(pg_total_relation_size(t))::float
from unnest(array['log_block', 'log_checkpoint', 'log', 'log_key']::regclass[]) t
"""


async def measure(report: Report, where: BankStore, seconds: float) -> None:
    settings = where.settings()
    assert settings.log_directory is not None
    database = await Database(settings.database).start()
    owner = await asyncpg.connect(where.store.migrations_database)
    bank = Bank(database, settings)
    await bank.prepare()
    await bank.post_for(1)
    times: dict[str, list[float]] = {"enable": [], "disable": []}
    for turn in range(TURNS):
        for act in ("enable", "disable") if turn % 2 else ("disable", "enable"):
            await owner.execute(f"alter table entry {act} trigger entry_awaits_its_leaf")
            await bank.post(bank.calls(1))
            times[act] += [BATCH / await bank.post(bank.calls(1)) for _ in range(CALLS)]
    await owner.execute("alter table entry enable trigger entry_awaits_its_leaf")
    await owner.execute(_QUEUE)
    ratio = median(times["disable"]) / median(times["enable"])
    report.add("posting with the log's trigger / without", ratio, "of entries/s", 0.95)
    alone = await bank.post_for(seconds)
    rate = await _seal_all(database, settings)
    report.add("sealing a queue / posting", rate / alone, "of entries/s", 5, note=f"{rate:,.0f} leaves/s")
    await measure_lag(report, where, bank, owner, seconds)
    await owner.execute("vacuum full log_block")
    sealed = int(await owner.fetchval("select sum(leaves) from log"))
    stored = await owner.fetchval(_BYTES) / sealed
    report.add("the log in PostgreSQL", stored, "bytes a leaf", 40, "at most")
    size = _size_of(settings.log_directory)
    report.add("the log on disk", size / sealed, "bytes a leaf", 40, "at most", note=f"{sealed:,} leaves")
    await _prove(report, owner, settings, where.folder / "export", sealed)
    await owner.close()
    await database.stop()


async def measure_lag(
    report: Report,
    where: BankStore,
    bank: Bank,
    owner: "asyncpg.Connection[asyncpg.Record]",
    seconds: float,
) -> None:
    """How late leaves are in the log while two writers post all they can and a process of its own seals."""
    settings = where.settings()
    assert settings.log_directory is not None
    alone = await bank.post_for(seconds)
    with _sequencing(where.store, settings.log_directory):
        earlier = int(await owner.fetchval("select count(*) from entry")) - bank.posted
        lag, beside = await _lag(bank, settings.log_directory, earlier, seconds * 2)
    report.add("sealing lag at full load", lag, "s", 5, "at most", note=f"{beside:,.0f} entries/s")
    report.add("posting while it is sealed / posting", beside / alone, "of entries/s")


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


async def _lag(bank: Bank, directory: Path, earlier: int, seconds: float) -> tuple[float, float]:
    """The longest time from an entry's commit to the published checkpoint that covers it, and the rate.

    `earlier` entries are in the books besides those the bank of the bench has counted.
    """

    def published() -> int:
        return max(
            (int(path.read_text().split("\n")[1]) for path in directory.glob("*/checkpoint")), default=0
        )

    while published() < bank.posted + earlier:  # noqa: ASYNC110  another process seals
        await asyncio.sleep(0.05)
    committed: list[tuple[float, int]] = []
    posting = asyncio.create_task(bank.post_for(seconds))
    longest = 0.0
    while not posting.done() or committed:
        await asyncio.sleep(0.02)
        now = time.perf_counter()
        if not committed or committed[-1][1] != bank.posted:
            committed.append((now, bank.posted))
        reached = published() - earlier
        while committed and committed[0][1] <= reached:
            longest = max(longest, now - committed.pop(0)[0])
        if posting.done() and reached >= bank.posted:
            committed.clear()
    return longest, await posting


def run(report: Report, seconds: float) -> None:
    """Every measure, on stores that are gone afterwards."""
    with bank_store() as where:
        asyncio.run(measure(report, where, seconds))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.sealing", description=__doc__)
    parser.add_argument("--seconds", type=float, default=4.0, help="length of each measure")
    run(Report(), parser.parse_args().seconds)


if __name__ == "__main__":
    main()
