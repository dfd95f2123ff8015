"""`make estimate`: what a whole country takes, on paper, from bytes and rates measured here and now.

Posts some hundred thousand deposits through the library, by two writers, into tables with every index; seals
and audits them; then multiplies. The rates are of this machine and of as many cores as it has.
"""

import argparse
import asyncio
import json
import os
import shutil
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import asyncpg

from bench.bank import BATCH, LEARNERS, Bank
from infra.dev.stores import ServiceStore, start_stores
from libs.common import migrations
from libs.common.database import Database
from services.creditbank.books.service import audit
from services.creditbank.log.sequencing import Sequencing
from services.creditbank.settings import CreditbankSettings

ROOT = Path(__file__).resolve().parents[1]
#: rows of these come with each deposit, and stay
OF_DEPOSITS: Final = ("entry", "posting_line", "lot", "deposit_batch", "log_block", "log_checkpoint")
#: and these with each learner
OF_LEARNERS: Final = (
    "learner",
    "account",
    "shred_key",
    "learner_organisation",
    "learner_identifier",
    "learner_guardian",
)
_SIZES = """
select t.name, pg_total_relation_size(t.name::regclass) as bytes
from unnest($1::text[]) as t (name)
"""
#: how the bank's rows of `make bench` begin
OF_THE_BENCH: Final = ("library,", "HTTP,", "a deposit with", "redemption of", "sealing", "the log")
RESULT: Final = ROOT / ".state" / "bench.json"
_YEAR_S: Final = 365.25 * 86_400
_TB: Final = 1e12


@dataclass(frozen=True)
class Measured:
    """Bytes and rates of one run. Rates are of all cores of the machine together."""

    cores: int
    of_deposit: Mapping[str, float]
    of_learner: Mapping[str, float]
    log_file: float
    wal: float
    posted_a_second: float
    sealed_a_second: float
    audited_a_second: float


@dataclass(frozen=True)
class Asked:
    """The country: how many learners, postings a year, nodes; and how unevenly a year goes.

    `crowded` of a year's deposits come in `crowded_days` days of `hours` hours; a burst is `burst` times it.
    """

    learners: float = 300e6
    postings: float = 3e9
    nodes: int = 32
    years: int = 10
    crowded: float = 0.4
    crowded_days: int = 20
    hours: int = 8
    burst: float = 10


def estimate(measured: Measured, asked: Asked) -> list[tuple[str, float, str]]:
    """What it comes to: names, figures and units. A deposit is two postings."""
    deposits = asked.postings / 2
    bytes_deposit = sum(measured.of_deposit.values()) + measured.log_file
    bytes_learner = sum(measured.of_learner.values())
    crowded = deposits * asked.crowded / (asked.crowded_days * asked.hours * 3600)
    peak = crowded * asked.burst
    a_core = measured.posted_a_second / measured.cores
    year = deposits * bytes_deposit
    stored = year * asked.years + asked.learners * bytes_learner
    entries = deposits * asked.years / asked.nodes
    return [
        ("deposits a year", deposits, ""),
        ("on average", deposits / _YEAR_S, "deposits/s"),
        ("in the crowded days", crowded, "deposits/s"),
        ("at a burst", peak, "deposits/s"),
        ("cores for a burst, database and library", peak / a_core, "cores"),
        ("the same a node", peak / a_core / asked.nodes, "cores"),
        ("a deposit, all tables, indexes and the log", bytes_deposit, "bytes"),
        ("a learner without credits", bytes_learner, "bytes"),
        ("deposits of a year", year / _TB, "TB"),
        (f"all after {asked.years} years", stored / _TB, "TB"),
        ("the same a node", stored / _TB / asked.nodes, "TB"),
        ("write-ahead log a year, for archive and replicas", deposits * measured.wal / _TB, "TB"),
        ("the same at a burst, a node", peak * measured.wal / asked.nodes / 1e6, "MB/s"),
        ("tiles of the public logs a year", deposits * measured.log_file / _TB, "TB"),
        ("sealing / burst, on one sequencer a node", measured.sealed_a_second * asked.nodes / peak, "x"),
        (f"audit of a node after {asked.years} years", entries / measured.audited_a_second / 3600, "h"),
        (
            "a learner's books after all years",
            deposits * asked.years / asked.learners * bytes_deposit,
            "bytes",
        ),
        (
            "a move of such a learner, posted at both nodes",
            deposits * asked.years / asked.learners * 2,
            "lots",
        ),
    ]


async def measure(store: ServiceStore, directory: Path, calls: int) -> Measured:
    """One run."""
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
    empty = await _sizes(owner, OF_LEARNERS)
    _progress(f"opening the accounts of {LEARNERS:,} learners")
    await bank.prepare()
    await owner.execute("vacuum analyze")
    with_learners = await _sizes(owner, OF_LEARNERS)
    waiting = bank.calls(calls)
    before = await owner.fetchval("select pg_current_wal_lsn()")
    _progress(f"posting {calls * BATCH:,} deposits")
    posted_a_second = await bank.post(waiting)
    wal = float(await owner.fetchval("select pg_wal_lsn_diff(pg_current_wal_lsn(), $1)", before))
    _progress("sealing them")
    sealed_a_second = await _seal(database, settings)
    _progress("auditing the books")
    began = time.perf_counter()
    connection = await database.connect()
    if await audit(connection, bank.keys):
        raise SystemExit("the books do not hold")
    await connection.close()
    audited_a_second = bank.posted / (time.perf_counter() - began)
    await owner.execute("vacuum")
    sizes = await _sizes(owner, OF_DEPOSITS)
    accounts = await _sizes(owner, ("account",))
    await owner.close()
    await database.stop()
    on_disk = await asyncio.to_thread(_size_of, directory)
    of_learner = {name: (with_learners[name] - empty[name]) / LEARNERS for name in OF_LEARNERS}
    # rewritten at every call, and vacuumed as the server does
    of_learner["account"] = accounts["account"] / LEARNERS
    return Measured(
        cores=os.cpu_count() or 1,
        of_deposit={name: size / bank.posted for name, size in sizes.items()},
        of_learner=of_learner,
        log_file=on_disk / bank.posted,
        wal=wal / bank.posted,
        posted_a_second=posted_a_second,
        sealed_a_second=sealed_a_second,
        audited_a_second=audited_a_second,
    )


def _progress(step: str) -> None:
    print(f"estimate: {step}", file=sys.stderr, flush=True)


def _size_of(directory: Path) -> int:
    return sum(path.stat().st_size for path in directory.rglob("*") if path.is_file())


async def _sizes(
    connection: "asyncpg.Connection[asyncpg.Record]", names: tuple[str, ...]
) -> dict[str, float]:
    return {row["name"]: float(row["bytes"]) for row in await connection.fetch(_SIZES, list(names))}


async def _seal(database: Database, settings: CreditbankSettings) -> float:
    """All that waits, one checkpoint after the other: leaves a second."""
    connection = await database.connect()
    sequencer = Sequencing(database, settings).sequencer(connection)
    await sequencer.open()
    began, total = time.perf_counter(), 0
    while gained := await sequencer.step():
        total += gained
    await connection.close()
    return total / (time.perf_counter() - began)


def tell(measured: Measured, asked: Asked) -> None:
    """The measured figures, and what they come to."""
    print(f"measured here, {measured.cores} cores, calls of {BATCH}:")
    for name, size in measured.of_deposit.items():
        print(f"  {name:<50} {size:>12,.1f} bytes a deposit")
    print(f"  {'tiles on disk':<50} {measured.log_file:>12,.1f} bytes a deposit")
    print(f"  {'write-ahead log':<50} {measured.wal:>12,.1f} bytes a deposit")
    for name, size in measured.of_learner.items():
        print(f"  {name:<50} {size:>12,.1f} bytes a learner")
    print(f"  {'posting':<50} {measured.posted_a_second:>12,.0f} deposits/s")
    print(f"  {'sealing':<50} {measured.sealed_a_second:>12,.0f} leaves/s")
    print(f"  {'audit':<50} {measured.audited_a_second:>12,.0f} entries/s")
    print(
        f"on paper, {asked.learners:,.0f} learners, {asked.postings:,.0f} postings a year,"
        f" {asked.nodes} nodes:"
    )
    for name, figure, unit in estimate(measured, asked):
        text = f"{figure:,.0f}" if figure >= 100 else f"{figure:,.2f}"
        print(f"  {name:<50} {text:>12} {unit}".rstrip())


def tell_of_bench(path: Path) -> None:
    """The bank's rows of the last `make bench`, taken on a machine that did nothing else."""
    if not path.exists():
        return
    measured = json.loads(path.read_text(encoding="utf-8"))
    rows = [row for row in measured if row["name"].startswith(OF_THE_BENCH)]
    if rows:
        print("of the last make bench:")
    for row in rows:
        print(f"  {row['name']:<50} {row['measured']:>12,.2f} {row['unit']}  {row['note']}")


def main() -> None:
    parser = argparse.ArgumentParser(prog="make estimate", description=__doc__)
    parser.add_argument("--learners", type=float, default=Asked.learners)
    parser.add_argument("--postings", type=float, default=Asked.postings, help="a year; two a deposit")
    parser.add_argument("--nodes", type=int, default=Asked.nodes, help="provinces, or shards")
    parser.add_argument("--years", type=int, default=Asked.years)
    parser.add_argument("--calls", type=int, default=300, help="calls of 1,000 deposits to measure by")
    given = parser.parse_args()
    state = ROOT / ".state" / "estimate"
    shutil.rmtree(state, ignore_errors=True)
    stores = start_stores(state, "xuebu_estimate")
    try:
        store = stores.services["creditbank"]
        folder = ROOT / "services" / "creditbank" / "migrations"
        asyncio.run(migrations.upgrade(folder, store.migrations_database, service_role=store.service_role))
        measured = asyncio.run(measure(store, state / "log", given.calls))
    finally:
        stores.stop()
        shutil.rmtree(state, ignore_errors=True)
    tell_of_bench(RESULT)
    tell(measured, Asked(given.learners, given.postings, given.nodes, given.years))


if __name__ == "__main__":
    main()
