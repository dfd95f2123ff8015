"""What time does: holds lapse, lots expire; cut anywhere, begun again or twice at once, it happens once."""

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from libs.common.database import Database
from libs.common.ids import new_id
from services.creditbank.books.service import audit
from services.creditbank.learners.keys import KeyRing
from services.creditbank.ledger import sweeping
from services.creditbank.ledger.problems import HoldOver
from services.creditbank.ledger.rules import Kind, Operation, Part
from services.creditbank.ledger.service import Ledger
from services.creditbank.ledger.sweeping import Sweeper
from services.creditbank.tables import Connection
from tests.integration.creditbank.conftest import Bank
from tests.integration.creditbank.ledger.conftest import SCHEME, Fill, lots
from tests.integration.creditbank.world import District

YESTERDAY = date(2026, 7, 1)


async def test_holds_lapse_and_cannot_be_captured_then(
    ledger: Ledger, connection: Connection, fill: Fill, database: Database
) -> None:
    learner = await fill(100)
    until = datetime.now(UTC) + timedelta(milliseconds=300)
    hold = await ledger.hold(connection, learner, SCHEME, [Part(1, 70)], key="h", until=until, purpose="x")
    other = await ledger.hold(
        connection, learner, SCHEME, [Part(1, 20)], key="i", until=until + timedelta(hours=1), purpose="x"
    )
    await Sweeper(database, ledger).lapse()
    assert await lots(connection, learner) == [(10, 90, 0, 0, 0, 0)]
    await asyncio.sleep(0.3)
    await asyncio.gather(*(Sweeper(database, ledger).lapse() for _ in range(3)))
    assert await lots(connection, learner) == [(80, 20, 0, 0, 0, 0)]
    with pytest.raises(HoldOver) as refused:
        await ledger.capture(connection, hold, key="c")
    assert refused.value.extensions == {"reason": "hold_resolved"}
    await ledger.capture(connection, other, key="c")


async def test_lots_expire_once_whoever_sweeps(
    ledger: Ledger,
    connection: Connection,
    fill: Fill,
    database: Database,
    owner: Connection,
    keys: KeyRing,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sweeping, "_AT_A_TIME", 1)
    swept = [await fill(100, 50, student=n, expires_on=YESTERDAY) for n in range(3)]
    await asyncio.gather(*(Sweeper(database, ledger).expire() for _ in range(2)))
    for learner in swept:
        assert await lots(connection, learner) == [(0, 0, 0, 0, 100, 0), (0, 0, 0, 0, 50, 0)]
        assert await connection.fetchval("select sequence from account where learner = $1", learner) == 3
    assert await Sweeper(database, ledger).expire() == 0
    assert await audit(connection, keys) == []


async def test_what_is_valid_still_somewhere_does_not_expire(
    ledger: Ledger, connection: Connection, fill: Fill, database: Database
) -> None:
    today = (datetime.now(UTC) - timedelta(hours=12)).date()
    learner = await fill(100, expires_on=today)
    await Sweeper(database, ledger).expire()
    assert await lots(connection, learner) == [(100, 0, 0, 0, 0, 0)]


async def test_what_comes_back_after_its_day_expires_then(
    ledger: Ledger, connection: Connection, fill: Fill, database: Database, owner: Connection
) -> None:
    learner = await fill(100)
    hold = await ledger.hold(
        connection, learner, SCHEME, [Part(1, 60)], key="h",
        until=datetime.now(UTC) + timedelta(hours=1), purpose="x",
    )  # fmt: skip
    day = owner.transaction()
    await day.start()
    try:
        # as if the day came in between: taken back in the end, since no book could say so
        await owner.execute("update lot set expires_on = $2 where learner = $1", learner, YESTERDAY)
        swept = Operation(Kind.EXPIRY, learner, SCHEME, "e1", new_id())
        assert [answer.outcome for answer in await ledger.post(owner, [swept])] == ["posted"]
        assert await lots(owner, learner) == [(0, 60, 0, 0, 40, 0)]
        await ledger.release(owner, hold)
        again = Operation(Kind.EXPIRY, learner, SCHEME, "e2", new_id())
        answers = await ledger.post(owner, [again, swept, replace(again, key="e3")])
        assert [answer.outcome for answer in answers] == ["posted", "replayed", "refused"]
        assert await lots(owner, learner) == [(0, 0, 0, 0, 100, 0)]
    finally:
        await day.rollback()


async def test_the_learner_reads_what_happened(
    ledger: Ledger, connection: Connection, fill: Fill, district: District, bank: Bank
) -> None:
    learner = await fill(100)
    spent = await ledger.redeem(connection, learner, SCHEME, [Part(1, 60)], key="k")
    await ledger.rescind(connection, spent.place, key="r")
    newest, middle, oldest = (await bank.entries(district.students[0]))["items"]
    assert (oldest["kind"], oldest["credits"], oldest["course"]["id"]) == (
        "deposit", "1.00", str(district.course)
    )  # fmt: skip
    assert (middle["kind"], middle["credits"], middle["reversed_by"]) == ("redemption", "0.60", 3)
    assert middle["movements"] == [
        {"lot": 1, "part": "available", "credits": "-0.60"},
        {"lot": 1, "part": "redeemed", "credits": "0.60"},
    ]
    assert (newest["kind"], newest["reverses"], newest["institution"]) == ("rescission", 2, None)
