"""Killed again and again under load of every kind of operation: nothing acknowledged lost, nothing doubled.

`kill -9` of the service, an immediate stop and a `kill -9` of PostgreSQL, in turn; `FAULTS=100`: so often.
The moments are chosen by how much was acknowledged since the last one, never by time. Callers keep what was
acknowledged; what got no answer they send again. At the end the books hold exactly what was acknowledged.
"""

import asyncio
import os
import random
import signal
import sys
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path

import asyncpg

from libs.common.database import Database
from libs.common.problems import Problem
from services.creditbank.books.service import audit
from services.creditbank.ledger.rules import Kind
from services.creditbank.ledger.service import Ledger
from services.creditbank.ledger.sweeping import Sweeper
from services.creditbank.log.commands import change_log, verify_export, write_export
from services.creditbank.log.merkle import check_consistency, consistency_proof, tree_root
from services.creditbank.log.notes import open_checkpoint, read_verifier
from services.creditbank.log.store import LogFiles
from services.creditbank.log.tiles import subtrees
from tests.integration.creditbank.faults import reckoning
from tests.integration.creditbank.faults.conftest import Bank
from tests.integration.creditbank.ledger.test_interleaving import LOST
from tests.integration.creditbank.ledger.worker import act

KILLS = int(os.environ.get("FAULTS", "40"))


async def test_kills_under_load_lose_and_double_nothing(bank: Bank, tmp_path: Path) -> None:
    spent: dict[tuple[int, str], int] = {}
    notes: set[str] = set()
    working = True
    others = [
        *(asyncio.create_task(teller.work(lambda: working)) for teller in bank.tellers),
        *(asyncio.create_task(spend(bank, n, spent, lambda: working)) for n in range(2)),
        asyncio.create_task(watch(bank, notes, lambda: working)),
    ]
    killing = asyncio.create_task(kill_again_and_again(bank, notes))
    try:
        # Whoever ends before the last kill has found something.
        await asyncio.wait([killing, *others], return_when=asyncio.FIRST_COMPLETED)
        for task in [one for one in (*others, killing) if one.done()]:
            task.result()
        working = False
        await asyncio.gather(*others)
    finally:
        for task in (killing, *others):
            task.cancel()
        await asyncio.gather(killing, *others, return_exceptions=True)
    assert bank.told.unanswered > KILLS / 2, "the load was there when it happened"
    await reckoning.sent_again_answers_the_same(bank.tellers, bank.told)
    await settle(bank)
    connection = await bank.connect()
    await nothing_spent_is_lost_or_doubled(bank, connection, spent)
    await reckoning.the_books_hold_what_was_told(connection, bank.told, bank.spenders)
    await reckoning.everything_over_is_expired(connection)
    await reckoning.everything_is_told_once(connection)
    assert await audit(connection, bank.keys) == []
    await connection.close()
    await the_log_never_forked(bank, notes)
    await write_export(bank.settings, tmp_path / "export")
    verify_export(tmp_path / "export", await verifier_keys(bank))
    told = bank.told
    sys.stdout.write(  # shown with -s
        f"{KILLS} kills, {told.count} acknowledged, {told.unanswered} calls without an answer,"
        f" {bank.service.generations} processes, {len(notes)} checkpoints seen, nothing lost or doubled\n"
    )


async def kill_again_and_again(bank: Bank, notes: set[str]) -> None:
    """Half of the times the service, else the database; now and then both at once."""
    order = random.Random(13)  # noqa: S311  a test's own order

    async def kill_service() -> None:
        await bank.service.kill()
        await bank.service.start()

    def crash(how: signal.Signals) -> Callable[[], Awaitable[None]]:
        return lambda: bank.server.crash(how)

    faults = [kill_service, kill_service, crash(signal.SIGQUIT), crash(signal.SIGKILL)]
    plan = [faults[n % len(faults)] for n in range(KILLS)]
    order.shuffle(plan)
    while plan:
        # The crowd is at work again, in the middle of one thing or the other; now and then the log is, too.
        await bank.told.reach(bank.told.count + order.randrange(1, 16))
        seen = len(notes)
        while len(plan) % 3 == 0 and len(notes) == seen:
            await asyncio.sleep(0.01)
        await asyncio.sleep(order.random() / 100)
        together = [plan.pop() for _ in range(min(len(plan), order.choice([1, 1, 1, 1, 2])))]
        if len(set(together)) < len(together):
            plan.append(together.pop())
        await asyncio.gather(*(fault() for fault in together))


async def spend(
    bank: Bank, number: int, spent: dict[tuple[int, str], int], goes_on: Callable[[], bool]
) -> None:
    """What has no route of its own: spending at once, holds that lapse; on a connection of its own."""
    ledger, connection, n = Ledger(bank.keys), await bank.connect(), 0
    while goes_on():
        n += 1
        learner, key = bank.spenders[n % len(bank.spenders)], f"{number} {n}"
        while True:
            try:
                spent[learner, key] = await act(ledger, connection, learner, key)
                await bank.told.one_more()
            except Problem:
                pass
            except (asyncpg.PostgresError, *LOST):
                connection.terminate()
                connection = await connected_again(bank)
                continue
            break
        await asyncio.sleep(0.005)
    await connection.close()


async def connected_again(bank: Bank) -> "asyncpg.Connection[asyncpg.Record]":
    while True:
        try:
            return await bank.connect()
        except (asyncpg.PostgresError, *LOST):
            await asyncio.sleep(0.02)


async def watch(bank: Bank, notes: set[str], goes_on: Callable[[], bool]) -> None:
    """Keep every checkpoint that anybody could have seen."""
    directory = bank.settings.log_directory
    assert directory is not None
    while goes_on():
        for name in [one.name for one in directory.glob("*") if one.is_dir()]:
            notes.add(LogFiles(directory, name).checkpoint() or "")
        await asyncio.sleep(0.005)


async def settle(bank: Bank) -> None:
    """Wait until the service has swept, told and sealed everything; then it ends."""
    connection = await bank.connect()
    database = await Database(bank.store.database).start()
    await Sweeper(database, Ledger(bank.keys)).expire()
    await database.stop()
    waits = (
        "exists (select from log_pending) or exists (select from outbox where sequence is null)"
        " or exists (select from log l where l.leaves > (select max(size) from log_checkpoint c"
        " where c.log = l.number)) or exists (select from hold where resolved is null and until <= now())"
    )
    while await connection.fetchval(f"select {waits}"):
        await asyncio.sleep(0.05)
    await connection.close()
    await bank.service.kill()


async def nothing_spent_is_lost_or_doubled(
    bank: Bank, connection: "asyncpg.Connection[asyncpg.Record]", spent: dict[tuple[int, str], int]
) -> None:
    ledger = Ledger(bank.keys)
    for (learner, key), number in spent.items():
        assert await act(ledger, connection, learner, key) == number
    rows = await connection.fetch(
        "select learner, sequence, kind from entry"
        " where learner = any($1) and scheme = 1 and kind in (2, 5, 6, 7)",
        bank.spenders,
    )
    books = Counter((row["learner"], row["sequence"]) for row in rows)
    assert books == Counter((learner, number) for (learner, _), number in spent.items())
    assert {row["kind"] for row in rows} == {Kind.HOLD, Kind.REDEMPTION, Kind.RESCISSION, Kind.CONVERSION}


async def verifier_keys(bank: Bank) -> list[str]:
    logs = (await change_log(bank.settings, "list", None))["logs"]
    return [key["verifier"] for log in logs for key in log["keys"]]


async def the_log_never_forked(bank: Bank, notes: set[str]) -> None:
    """Every checkpoint that anybody saw is a beginning of the last one."""
    assert bank.settings.log_directory is not None
    (log,) = (await change_log(bank.settings, "list", None))["logs"]
    verifiers = [read_verifier(text) for text in await verifier_keys(bank)]
    files = LogFiles(bank.settings.log_directory, log["name"])
    final = open_checkpoint(files.checkpoint() or "", verifiers, log["origin"])
    subtree = subtrees(files.read, final.size)
    assert tree_root(subtree, final.size) == final.root
    connection = await bank.connect()
    assert final.size == await connection.fetchval("select count(*) from entry")
    await connection.close()
    seen = [open_checkpoint(note, verifiers, log["origin"]) for note in notes if note]
    assert len(seen) > KILLS / 4
    for old in seen:
        if old.size:
            proof = consistency_proof(subtree, old.size, final.size)
            check_consistency(old.size, final.size, old.root, final.root, proof)
