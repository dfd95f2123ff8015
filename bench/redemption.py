"""Spending by the library: awards of forty lots each, of callers that are merged into few statements."""

import asyncio
import random
import time
from statistics import median

import asyncpg

from bench.bank import BATCH, WRITERS, Bank
from bench.raw_ledger import RawLedger
from bench.report import Report
from libs.common.ids import new_id
from services.creditbank.ledger.coalescer import Coalescer
from services.creditbank.ledger.rules import Answer, Kind, Operation, Part
from services.creditbank.ledger.service import Ledger

LOTS = 40
_AWARDS = 400
_ROUNDS = 3
_CALLERS = 64
#: lots in one call
_LIMIT = 1_000
_FULL = """
select t.learner, array_agg(t.number order by t.number) as lots
from lot t join learner l on l.number = t.learner where l.id = any($1) and t.available = t.issued
group by t.learner having count(*) >= $2
"""


async def measure(
    report: Report, bank: Bank, raw: RawLedger, owner: "asyncpg.Connection[asyncpg.Record]", seconds: float
) -> None:
    """Awards a second, against single entries of the raw ledger a second."""
    ledger = Ledger(bank.keys)
    rates, ratios = [], []
    for turn in range(_ROUNDS):
        operations = await _operations(bank, owner, turn)
        single = await asyncio.to_thread(raw.single, seconds / 2)
        rates.append(await _redeem(ledger, bank, operations))
        ratios.append(rates[-1] / single)
    note = f"{median(rates):,.0f} awards/s, {median(rates) * LOTS:,.0f} lots/s"
    report.add("redemption of 40 lots / pgbench single", median(ratios), "of entries/s", 0.17, note=note)


async def _operations(bank: Bank, owner: "asyncpg.Connection[asyncpg.Record]", turn: int) -> list[Operation]:
    """Redemptions of forty lots each, given term after term and asked for in any order."""
    chosen = bank.learners[turn * _AWARDS : (turn + 1) * _AWARDS]
    items = [
        item._replace(learner_id=learner)
        for _ in range(LOTS)
        for item, learner in zip(bank.items(len(chosen)), chosen, strict=True)
    ]
    await bank.post([bank.call(items[n : n + BATCH]) for n in range(0, len(items), BATCH)])
    operations = [
        Operation(
            Kind.REDEMPTION, row["learner"], 1, f"award {turn}", new_id(),
            [Part(lot, 150) for lot in row["lots"][-LOTS:]],
        )
        for row in await owner.fetch(_FULL, chosen, LOTS)
    ]  # fmt: skip
    random.Random(turn).shuffle(operations)
    return operations


async def _redeem(ledger: Ledger, bank: Bank, operations: list[Operation]) -> float:
    async def post(calls: "list[Operation]") -> list[Answer]:
        return await ledger.post(bank.database.pool, calls)

    merged = Coalescer[Operation, Answer](post, limit=_LIMIT, workers=WRITERS)  # type: ignore[arg-type]
    waiting = list(operations)
    began = time.perf_counter()

    async def call() -> None:
        while waiting:
            answer = await merged.call(waiting.pop(), LOTS)
            if answer.outcome != "posted":
                raise SystemExit(f"the bench's award was {answer.outcome}: {answer.reason}")

    await asyncio.gather(*(call() for _ in range(_CALLERS)))
    return len(operations) / (time.perf_counter() - began)
