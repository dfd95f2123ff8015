"""Posting by the library against the raw ledger, in turns: batches, single, hot, repeated, in bytes."""

import asyncio
import time
from statistics import median

import asyncpg

from bench.bank import BATCH, SCHOOLS, WRITERS, Bank
from bench.raw_ledger import RawLedger
from bench.report import Report
from libs.common.ids import new_id
from services.creditbank.deposits.rules import MOST_ITEMS, Answers, Call, Refused
from services.creditbank.ledger.coalescer import Coalescer

_ROUNDS = 3
CALLERS = 64
_KEPT = ("entry", "lot", "posting_line", "deposit_batch", "account")
_BYTES = "select sum(pg_total_relation_size(t::regclass))::bigint from unnest($1::text[]) t"


class Limits:
    """What the raw ledger reached in this run: entries a second in batches and one by one."""

    def __init__(self) -> None:
        self.batches: list[float] = []
        self.singles: list[float] = []

    @property
    def batch(self) -> float:
        return median(self.batches)

    @property
    def single(self) -> float:
        return median(self.singles)


async def measure(
    report: Report, bank: Bank, raw: RawLedger, owner: "asyncpg.Connection[asyncpg.Record]", seconds: float
) -> None:
    """The rows of posting."""
    limits = Limits()
    await _bytes(report, bank, raw, owner)
    await _batches(report, bank, raw, limits, round(seconds * 10))
    await _singles(report, bank, raw, limits, seconds)
    await _hot(report, bank, round(seconds * 5))


async def _bytes(
    report: Report, bank: Bank, raw: RawLedger, owner: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    """A deposit's rows with all indexes; what leaves again (events, leaves that wait) is told beside it."""
    await raw.batches(10, BATCH, WRITERS)
    count = 40
    before, events = [await owner.fetchval(_BYTES, tables) for tables in (_KEPT, ("outbox",))]
    await bank.post(bank.calls(count))
    after, told = [await owner.fetchval(_BYTES, tables) for tables in (_KEPT, ("outbox",))]
    size = (after - before) / (count * BATCH)
    note = (
        f"its event {(told - events) / (count * BATCH):.0f} more; raw entry {await raw.bytes_an_entry():.0f}"
    )
    report.add("a deposit with all indexes", size, "bytes", 700, "at most", note)


async def _batches(report: Report, bank: Bank, raw: RawLedger, limits: Limits, count: int) -> None:
    rounds, replays = [], []
    for _ in range(_ROUNDS):
        limits.batches.append(await raw.batches(2 * count, BATCH, WRITERS))
        calls = bank.calls(count)
        rounds.append(await bank.post(calls))
        again = [call._replace(id=new_id()) for call in calls]
        replays.append(await bank.post(again))
    ratio = median(one / limit for one, limit in zip(rounds, limits.batches, strict=True))
    note = f"{median(rounds):,.0f} / {limits.batch:,.0f} entries/s"
    report.add("library, batches of 1,000 / raw set-wise SQL", ratio, "of entries/s", 0.65, note=note)
    ratio = median(one / other for one, other in zip(replays, rounds, strict=True))
    report.add("the same again / posting", ratio, "x", 3)


async def post_singly(bank: Bank, seconds: float, schools: int) -> float:
    """Entries a second of callers who each post one item at a time and are merged, as the service does it."""
    merged = Coalescer[Call, Answers | Refused](bank.desk.post, limit=MOST_ITEMS, workers=WRITERS)
    waiting = bank.calls(round(15_000 * seconds), 1, schools=schools)
    done = 0
    began = time.perf_counter()

    async def call() -> None:
        nonlocal done
        while waiting and time.perf_counter() - began < seconds:
            await merged.call(waiting.pop(), 1)
            done += 1

    await asyncio.gather(*(call() for _ in range(CALLERS)))
    return done / (time.perf_counter() - began)


async def _singles(report: Report, bank: Bank, raw: RawLedger, limits: Limits, seconds: float) -> None:
    rounds = []
    for _ in range(_ROUNDS):
        limits.singles.append(await asyncio.to_thread(raw.single, seconds / 2))
        rounds.append(await post_singly(bank, seconds / 2, SCHOOLS))
    ratio = median(one / limit for one, limit in zip(rounds, limits.singles, strict=True))
    note = f"{median(rounds):,.0f} / {limits.single:,.0f} entries/s"
    report.add("library, single at 64 callers / pgbench single", ratio, "of entries/s", 0.75, note=note)


async def _hot(report: Report, bank: Bank, count: int) -> None:
    """Everybody posts for one institution, or each for another."""
    batches, singles = [], []
    for turn in range(_ROUNDS):
        order = (1, SCHOOLS) if turn % 2 else (SCHOOLS, 1)
        rates = {schools: await bank.post(bank.calls(count, schools=schools)) for schools in order}
        batches.append(rates[1] / rates[SCHOOLS])
        rates = {schools: await post_singly(bank, count / 20, schools) for schools in order}
        singles.append(rates[1] / rates[SCHOOLS])
    report.add("hot institution / uniform, batches", median(batches), "of entries/s", 0.95)
    report.add("hot institution / uniform, single", median(singles), "of entries/s", 0.95)
