"""Operations at once on the same books, and cut off at any moment: none lost, none doubled, no deadlock."""

import asyncio
import random
import signal
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from libs.common.database import Database
from libs.common.ids import new_id
from libs.common.problems import Problem
from services.creditbank.books.service import audit
from services.creditbank.deposits.service import PostingDesk
from services.creditbank.learners.keys import KeyRing
from services.creditbank.ledger.rules import Kind, Operation, Part, Terms
from services.creditbank.ledger.service import Ledger
from services.creditbank.ledger.sweeping import Sweeper
from services.creditbank.settings import CreditbankSettings
from services.creditbank.tables import Connection
from tests.integration.creditbank.ledger.conftest import OTHER_SCHEME, SCHEME, Fill, lots
from tests.integration.creditbank.ledger.worker import act
from tests.integration.creditbank.test_races import call, item
from tests.integration.creditbank.world import District

#: what the driver says when its connection dies, whatever it was doing
LOST = (asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)


async def _at_once(database: Database, works: list[Any]) -> list[Any]:
    """Each work on a connection of its own; answers and problems."""

    async def run(work: Any) -> Any:
        connection = await database.connect()
        try:
            return await work(connection)
        finally:
            await connection.close()

    return await asyncio.gather(*map(run, works), return_exceptions=True)


async def test_no_more_is_spent_than_there_is(
    ledger: Ledger, connection: Connection, fill: Fill, database: Database
) -> None:
    learner = await fill(100)
    answers = await _at_once(
        database,
        [lambda c, n=n: ledger.redeem(c, learner, SCHEME, [Part(1, 30)], key=f"k{n}") for n in range(12)],
    )
    assert sum(not isinstance(answer, Exception) for answer in answers) == 3
    assert all(isinstance(answer, Problem) for answer in answers if isinstance(answer, Exception))
    assert await lots(connection, learner) == [(10, 0, 90, 0, 0, 0)]


async def test_the_same_operation_at_once_is_done_once(
    ledger: Ledger, connection: Connection, fill: Fill, database: Database
) -> None:
    learner = await fill(100)
    answers = await _at_once(
        database, [lambda c: ledger.redeem(c, learner, SCHEME, [Part(1, 30)], key="k")] * 10
    )
    assert len(set(answers)) == 1
    assert await lots(connection, learner) == [(70, 0, 30, 0, 0, 0)]


async def test_what_a_conversion_made_is_spent_or_the_conversion_taken_back(
    ledger: Ledger, connection: Connection, fill: Fill, database: Database, keys: KeyRing
) -> None:
    """Of many at once that take it back one does; or one spends, and nobody takes it back."""
    learner = await fill(*[100] * 6)
    for n in range(1, 7):
        made = await ledger.convert(
            connection, learner, SCHEME, [Part(n, 100)],
            to_scheme=OTHER_SCHEME, issued=[66], rounding=2, rule=Terms(new_id(), 2, 3), key=f"c{n}",
        )  # fmt: skip
        new = made.lots[0].number
        works: list[Any] = [
            lambda c, n=n, new=new: ledger.redeem(c, learner, OTHER_SCHEME, [Part(new, 1)], key=f"s{n}"),
            *[lambda c, n=n, k=k, made=made: ledger.reverse_conversion(c, made.place, key=f"r{n}{k}")
              for k in range(4)],
        ]  # fmt: skip
        spent, *taken_back = await _at_once(database, works if n % 2 else works[::-1])
        if n % 2 == 0:
            spent, taken_back = taken_back[-1], [spent, *taken_back[:-1]]
        done = [one for one in taken_back if not isinstance(one, Exception)]
        assert all(isinstance(one, Problem) for one in [spent, *taken_back] if isinstance(one, Exception))
        assert len(done) == isinstance(spent, Exception)
        lot = (await lots(connection, learner, OTHER_SCHEME))[n - 1]
        assert lot == ((0, 0, 0, 0, 0, 66) if done else (65, 0, 1, 0, 0, 0))
        assert (await lots(connection, learner))[n - 1][0] == (100 if done else 0)
    assert await audit(connection, keys) == []


async def test_a_hold_ends_once_whoever_ends_it(
    ledger: Ledger, connection: Connection, fill: Fill, database: Database
) -> None:
    learner = await fill(*[100] * 8)
    for lot in range(1, 9):
        until = datetime.now(UTC) + timedelta(seconds=60 if lot < 8 else 0.3)
        hold = await ledger.hold(
            connection, learner, SCHEME, [Part(lot, 100)], key=f"h{lot}", until=until, purpose="x"
        )
        if lot == 8:  # the others end before their time, the last one at the moment it is over
            await asyncio.sleep(max(0.0, (until - datetime.now(UTC)).total_seconds() - 0.01))
        answers = await _at_once(
            database,
            [
                lambda c, hold=hold: ledger.capture(c, hold, key=f"c {hold.id}"),
                lambda c, hold=hold: ledger.release(c, hold),
                lambda _c: Sweeper(database, ledger).lapse(),
            ],
        )
        assert sum(not isinstance(answer, Exception) for answer in answers[:2]) <= 1
    assert all(
        sorted(lot) == [0, 0, 0, 0, 0, 100] or lot[1] == 100 for lot in await lots(connection, learner)
    )
    await asyncio.sleep(0.02)
    await Sweeper(database, ledger).lapse()
    assert all(lot[1] == 0 for lot in await lots(connection, learner))


async def test_deposits_and_operations_over_the_same_books_never_deadlock(
    ledger: Ledger, fill: Fill, database: Database, keys: KeyRing, district: District
) -> None:
    learners = [await fill(1000, student=n) for n in range(3)]
    order = random.Random(3)  # noqa: S311  a test's own order

    def spend(n: int) -> Any:
        operations = [
            Operation(Kind.REDEMPTION, learner, SCHEME, f"{n}", district.school, [Part(1, 1)])
            for learner in order.sample(learners, 3)
        ]
        return lambda c: ledger.post(c, operations)

    def deposit(n: int) -> Any:
        items = [item(district, who, f"more {n} {who}") for who in order.sample(district.students, 3)]
        return lambda _c: PostingDesk(database, keys).post([call(district, *items)])

    answers = await _at_once(database, [work(n) for n in range(30) for work in (spend, deposit)])
    assert not [answer for answer in answers if isinstance(answer, BaseException)]
    spent = await database.pool.fetch(
        "select redeemed, sequence from account where learner = any($1)", learners
    )
    assert [tuple(row) for row in spent] == [(30, 61)] * 3


async def test_connections_cut_at_any_moment_lose_and_double_nothing(
    ledger: Ledger, fill: Fill, database: Database, connection: Connection, keys: KeyRing
) -> None:
    learners = [await fill(900, 900, 900, student=n) for n in range(2)]
    order = random.Random(5)  # noqa: S311  a test's own order
    acknowledged: dict[tuple[int, str], int] = {}
    cuts, working = 0, True

    async def work(number: int) -> None:
        own = Database(database.address, name="ledger victim")
        link = await own.connect()
        for n in range(60):
            learner, key = learners[n % 2], f"{number} {n}"
            while True:
                try:
                    acknowledged[learner, key] = await act(ledger, link, learner, key)
                except Problem:
                    pass
                except (asyncpg.PostgresError, *LOST):
                    link.terminate()
                    link = await own.connect()
                    continue
                break
        await link.close()

    async def cut() -> None:
        nonlocal cuts
        while working and cuts < 60:  # work goes on however slow the machine is
            await asyncio.sleep(order.random() / 40)
            cuts += await connection.fetchval(
                "select count(pg_terminate_backend(pid)) from (select pid from pg_stat_activity"
                " where application_name = 'ledger victim' and datname = current_database()"
                " order by random() limit 1) victim"
            )

    cutting = asyncio.create_task(cut())
    await asyncio.gather(*(work(number) for number in range(4)))
    working = False
    await cutting
    assert cuts > 10
    assert len(acknowledged) > 30
    for (learner, key), number in acknowledged.items():
        assert await act(ledger, connection, learner, key) == number
    assert await audit(connection, keys) == []


async def test_a_process_killed_again_and_again_loses_and_doubles_nothing(
    ledger: Ledger, fill: Fill, connection: Connection, settings: CreditbankSettings, keys: KeyRing
) -> None:
    """kill -9 while it spends: all it had acknowledged is in the books, once, and they hold."""
    learners = [await fill(100_000, 100_000, 100_000, student=n) for n in range(3)]
    order = random.Random(7)  # noqa: S311  a test's own order
    told: list[str] = []
    for run in range(5):
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.integration.creditbank.ledger.worker", settings.database,
            settings.key_encryption_key.get_secret_value(), str(run), *map(str, learners),
            stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        assert process.stdout is not None
        async with asyncio.timeout(30):
            first = await process.stdout.readline()
        await asyncio.sleep(order.random() / 3)
        process.send_signal(signal.SIGKILL)
        rest = await process.stdout.read()
        await process.wait()
        lines = (first + rest).decode().split("\n")
        told += [line for line in lines[:-1] if line]  # the last may be cut
    assert len(told) > 20
    for line in told:
        learner, number, key = line.split(" ", 2)
        assert await act(ledger, connection, int(learner), key) == int(number)
    assert await audit(connection, keys) == []


@pytest.mark.parametrize("table", ["hold", "conversion", "conversion_lot", "account_freeze"])
@pytest.mark.parametrize(
    "act", ["update {} set learner = 1", "delete from {}", "insert into {} select * from {}"]
)
async def test_the_service_itself_can_alter_nothing(database: Database, table: str, act: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await database.pool.execute(act.replace("{}", table))


@pytest.mark.parametrize("kind", [Kind.DEPOSIT, Kind.CONVERSION, Kind.CONVERSION_DEPOSIT])
async def test_lots_are_issued_by_their_own_functions_only(
    ledger: Ledger, fill: Fill, connection: Connection, kind: Kind, district: District
) -> None:
    learner = await fill(100)
    with pytest.raises(asyncpg.InvalidParameterValueError):
        await ledger.post(connection, [Operation(kind, learner, SCHEME, "k", district.school, [Part(1, 1)])])
