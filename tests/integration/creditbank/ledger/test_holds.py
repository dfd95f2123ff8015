"""Holds and what is spent from them: each refusal for its own reason, each operation once."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from libs.common.problems import IdempotencyConflict
from services.creditbank.ledger.problems import (
    CreditsUnavailable,
    EntryNotReversible,
    EntryReversed,
    HoldOver,
)
from services.creditbank.ledger.rules import Part, Place
from services.creditbank.ledger.service import Ledger, Posted
from services.creditbank.tables import Connection
from tests.integration.creditbank.ledger.conftest import SCHEME, Fill, lots


def soon() -> datetime:
    return datetime.now(UTC) + timedelta(hours=1)


async def test_a_hold_is_placed_captured_in_part_and_rescinded(
    ledger: Ledger, connection: Connection, fill: Fill
) -> None:
    learner = await fill(100, 300)
    hold = await ledger.hold(
        connection, learner, SCHEME, [Part(1, 100), Part(2, 200)], key="h", until=soon(), purpose="award"
    )
    assert (hold.sequence, hold.parts, hold.resolved) == (3, (Part(1, 100), Part(2, 200)), None)
    assert await lots(connection, learner) == [(0, 100, 0, 0, 0, 0), (100, 200, 0, 0, 0, 0)]
    captured = await ledger.capture(connection, hold, key="c", parts=[Part(2, 50)])
    assert await lots(connection, learner) == [(100, 0, 0, 0, 0, 0), (250, 0, 50, 0, 0, 0)]
    found = await ledger.rescind(connection, captured.place, key="r")
    assert found.place == Place(learner, SCHEME, 5)
    assert await lots(connection, learner) == [(100, 0, 0, 0, 0, 0), (300, 0, 0, 0, 0, 0)]


async def test_the_same_key_has_one_effect_and_other_content_is_refused(
    ledger: Ledger, connection: Connection, fill: Fill
) -> None:
    learner = await fill(100)
    first = await ledger.redeem(connection, learner, SCHEME, [Part(1, 60)], key="k")
    again = await ledger.redeem(connection, learner, SCHEME, [Part(1, 60)], key="k")
    assert first == again
    with pytest.raises(IdempotencyConflict):
        await ledger.redeem(connection, learner, SCHEME, [Part(1, 40)], key="k")
    assert await lots(connection, learner) == [(40, 0, 60, 0, 0, 0)]


async def test_a_refused_operation_takes_no_key(ledger: Ledger, connection: Connection, fill: Fill) -> None:
    learner = await fill(100)
    with pytest.raises(CreditsUnavailable):
        await ledger.redeem(connection, learner, SCHEME, [Part(1, 101)], key="k")
    await ledger.redeem(connection, learner, SCHEME, [Part(1, 100)], key="k")


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        ([Part(1, 101)], "credits_insufficient"),
        ([Part(9, 1)], "lot_unknown"),
        ([Part(1, 0)], "amount_invalid"),
        ([Part(1, -5)], "amount_invalid"),
        ([Part(1, 1), Part(1, 1)], "lot_repeated"),
        ([], "nothing_to_move"),
    ],
)
async def test_what_is_not_there_is_not_spent(
    ledger: Ledger, connection: Connection, fill: Fill, parts: list[Part], reason: str
) -> None:
    learner = await fill(100)
    with pytest.raises(CreditsUnavailable) as refused:
        await ledger.hold(connection, learner, SCHEME, parts, key="k", until=soon(), purpose="award")
    assert refused.value.extensions == {"reason": reason}
    assert await lots(connection, learner) == [(100, 0, 0, 0, 0, 0)]


async def test_complaint_3_what_is_held_is_not_available_to_others(
    ledger: Ledger, connection: Connection, fill: Fill
) -> None:
    learner = await fill(100)
    await ledger.hold(connection, learner, SCHEME, [Part(1, 70)], key="h", until=soon(), purpose="award")
    with pytest.raises(CreditsUnavailable):
        await ledger.redeem(connection, learner, SCHEME, [Part(1, 31)], key="k")
    await ledger.redeem(connection, learner, SCHEME, [Part(1, 30)], key="k")


async def test_complaint_3_a_released_hold_cannot_be_captured(
    ledger: Ledger, connection: Connection, fill: Fill
) -> None:
    learner = await fill(100)
    hold = await ledger.hold(connection, learner, SCHEME, [Part(1, 70)], key="h", until=soon(), purpose="x")
    released = await ledger.release(connection, hold)
    assert await ledger.release(connection, hold) == released
    with pytest.raises(HoldOver) as refused:
        await ledger.capture(connection, hold, key="c")
    assert refused.value.extensions == {"reason": "hold_resolved"}
    found = await ledger_hold(connection, learner, hold.id)
    assert found == 3
    assert await lots(connection, learner) == [(100, 0, 0, 0, 0, 0)]


async def ledger_hold(connection: Connection, learner: int, identifier: object) -> int | None:
    found: int | None = await connection.fetchval(
        "select resolved from hold where learner = $1 and id = $2", learner, identifier
    )
    return found


async def test_a_hold_whose_time_is_over_is_not_captured(
    ledger: Ledger, connection: Connection, fill: Fill, owner: Connection
) -> None:
    learner = await fill(100)
    with pytest.raises(HoldOver):
        await ledger.hold(
            connection, learner, SCHEME, [Part(1, 1)], key="h", until=datetime.now(UTC), purpose="x"
        )
    hold = await ledger.hold(connection, learner, SCHEME, [Part(1, 70)], key="h", until=soon(), purpose="x")
    async with owner.transaction():
        await owner.execute("update hold set until = now() where learner = $1", learner)
        with pytest.raises(HoldOver) as refused:
            await ledger.capture(owner, hold, key="c")
        assert refused.value.extensions == {"reason": "hold_lapsed"}
        await owner.execute("update hold set until = $2 where learner = $1", learner, hold.until)
    assert isinstance(await ledger.capture(connection, hold, key="c"), Posted)


@pytest.mark.parametrize("parts", [[Part(1, 71)], [Part(2, 1)], [Part(1, 0)]])
async def test_no_more_is_captured_than_was_held(
    ledger: Ledger, connection: Connection, fill: Fill, parts: list[Part]
) -> None:
    learner = await fill(100, 100)
    hold = await ledger.hold(connection, learner, SCHEME, [Part(1, 70)], key="h", until=soon(), purpose="x")
    with pytest.raises(HoldOver) as refused:
        await ledger.capture(connection, hold, key="c", parts=parts)
    assert refused.value.extensions == {"reason": "hold_exceeded"}


async def test_complaint_2_a_redemption_is_taken_back_once(
    ledger: Ledger, connection: Connection, fill: Fill
) -> None:
    learner = await fill(100)
    spent = await ledger.redeem(connection, learner, SCHEME, [Part(1, 100)], key="k")
    await ledger.rescind(connection, spent.place, key="r")
    with pytest.raises(EntryReversed):
        await ledger.rescind(connection, spent.place, key="again")
    assert await lots(connection, learner) == [(100, 0, 0, 0, 0, 0)]


@pytest.mark.parametrize("sequence", [1, 3, 99])
async def test_only_a_redemption_is_rescinded(
    ledger: Ledger, connection: Connection, fill: Fill, sequence: int
) -> None:
    learner = await fill(100)
    spent = await ledger.redeem(connection, learner, SCHEME, [Part(1, 100)], key="k")
    await ledger.rescind(connection, spent.place, key="r")
    with pytest.raises(EntryNotReversible):
        await ledger.rescind(connection, Place(learner, SCHEME, sequence), key="x")


async def test_expired_credits_are_not_spent_but_those_held_in_time_are(
    ledger: Ledger, connection: Connection, fill: Fill, owner: Connection
) -> None:
    learner = await fill(100)
    hold = await ledger.hold(connection, learner, SCHEME, [Part(1, 40)], key="h", until=soon(), purpose="x")
    day = owner.transaction()
    await day.start()
    try:
        # as if the day came in between: taken back in the end, since no book could say so
        await owner.execute("update lot set expires_on = $2 where learner = $1", learner, date(2026, 7, 1))
        with pytest.raises(CreditsUnavailable) as refused:
            await ledger.redeem(owner, learner, SCHEME, [Part(1, 10)], key="k")
        assert refused.value.extensions == {"reason": "credits_expired"}
        await ledger.capture(owner, hold, key="c")
        assert await lots(owner, learner) == [(60, 0, 40, 0, 0, 0)]
    finally:
        await day.rollback()


async def test_the_hold_of_another_learner_is_unknown(
    ledger: Ledger, connection: Connection, fill: Fill
) -> None:
    learner, other = await fill(100), await fill(100, student=1)
    hold = await ledger.hold(connection, learner, SCHEME, [Part(1, 40)], key="h", until=soon(), purpose="x")
    with pytest.raises(HoldOver):
        await ledger.capture(connection, replace(hold, learner=other), key="c")
