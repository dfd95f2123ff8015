"""The credit bank against its limits, all in one run on one database with everything on that posting does.

Chain, commitment, lots, leaf of the log and event are in every entry; the limits are a ledger of raw SQL
(bench/raw_ledger.py), the same posting through objects, and a ledger of others.
"""

import asyncio

import asyncpg
import uvloop

from bench import deposits, peer, posting, redemption, sealing
from bench.bank import LEARNERS, SCHOOLS, Bank, BankStore, bank_store
from bench.raw_ledger import RawLedger
from bench.report import Report, run_alone
from libs.common.database import Database

PARTS = ("posting", "redemption", "http", "sealing", "peer")


def measure(report: Report, seconds: float, parts: tuple[str, ...] = PARTS) -> None:
    """Every row, on stores that are gone afterwards."""
    with bank_store() as where:
        uvloop.run(_measure(report, where, seconds, parts))


async def _measure(report: Report, where: BankStore, seconds: float, parts: tuple[str, ...]) -> None:
    settings = where.settings()
    database = await Database(settings.database).start()
    owner = await asyncpg.connect(where.store.migrations_database)
    bank = Bank(database, settings)
    await bank.prepare()
    raw = RawLedger(
        await asyncio.to_thread(where.stores.new_database, "raw"),
        where.folder,
        learners=LEARNERS,
        institutions=SCHOOLS,
    )
    await raw.prepare()
    await bank.post(bank.calls(10))
    if "posting" in parts:
        await posting.measure(report, bank, raw, owner, seconds)
    if "redemption" in parts:
        await redemption.measure(report, bank, raw, owner, seconds)
    if "http" in parts:
        await deposits.measure(report, where, bank, raw, seconds)
    if "sealing" in parts:
        await sealing.measure_lag(report, where, bank, owner, seconds)
    if "peer" in parts:
        await peer.measure(report, where, bank, seconds)
    await owner.close()
    await database.stop()


if __name__ == "__main__":
    run_alone("bench.credit_bank", __doc__, PARTS, measure)
