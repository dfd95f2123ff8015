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


async def waiting(connection: Connection, learner: int) -> list[date]:
    """After which days something of the learner's expires, as far as the sweep is to look."""
    rows = await connection.fetch("select expires_on from expiring_book where learner = $1", learner)
    return [row["expires_on"] for row in rows]


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


async def test_who_has_spent_all_in_time_is_looked_at_once(
    ledger: Ledger, connection: Connection, fill: Fill, database: Database, owner: Connection
) -> None:
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).date()
    learner = await fill(100, expires_on=tomorrow)
    await ledger.redeem(connection, learner, SCHEME, [Part(1, 100)], key="r")
    assert await waiting(connection, learner) == [tomorrow]
    await owner.execute("update expiring_book set expires_on = $2 where learner = $1", learner, YESTERDAY)
    await Sweeper(database, ledger).expire()
    assert await waiting(connection, learner) == []
    assert await lots(connection, learner) == [(0, 0, 100, 0, 0, 0)]


async def test_no_index_of_lots_is_written_when_they_are_spent(connection: Connection) -> None:
    # What an index names, be it in its condition, keeps a changed row from staying where it is.
    named = await connection.fetch(
        """
        select a.attname from pg_index i
        join pg_depend d on d.classid = 'pg_class'::regclass and d.objid = i.indexrelid
          and d.refclassid = 'pg_class'::regclass and d.refobjid = i.indrelid
        join pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
        where i.indrelid = 'lot'::regclass
        """
    )
    parts = {"provisional", "available", "held", "redeemed", "converted", "expired"}
    columns = {row["attname"] for row in named}
    assert "attempt" in columns
    assert not parts & columns


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
        assert await waiting(owner, learner) == []
        await ledger.release(owner, hold)
        assert await waiting(owner, learner) == [YESTERDAY]
        again = Operation(Kind.EXPIRY, learner, SCHEME, "e2", new_id())
        answers = await ledger.post(owner, [again, swept, replace(again, key="e3")])
        assert [answer.outcome for answer in answers] == ["posted", "replayed", "refused"]
        assert await lots(owner, learner) == [(0, 0, 0, 0, 100, 0)]
        assert await waiting(owner, learner) == []
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
