"""Credits that become credits of another scheme: both books in one step, nothing made or lost by rounding."""

from datetime import UTC, datetime, timedelta

import pytest

from libs.common.ids import new_id
from libs.common.problems import IdempotencyConflict
from services.creditbank.books.service import audit
from services.creditbank.learners.keys import KeyRing
from services.creditbank.ledger.problems import ConversionUnbalanced, CreditsUnavailable, HoldOver
from services.creditbank.ledger.rules import Part, Terms
from services.creditbank.ledger.service import Conversion, Converted, Ledger
from services.creditbank.tables import Connection
from tests.integration.creditbank.ledger.conftest import OTHER_SCHEME, SCHEME, Fill, lots

THIRDS = Terms(new_id(), 2, 3)


async def _convert(ledger: Ledger, connection: Connection, learner: int, key: str = "k") -> Converted:
    """1.00 and 0.70 at two thirds are 1.13 and a third: one half step short of 1.33 with the last one."""
    return await ledger.convert(
        connection, learner, SCHEME, [Part(1, 100), Part(2, 70)],
        to_scheme=OTHER_SCHEME, issued=[50, 50], rounding=340 - 300, rule=THIRDS, key=key,
    )  # fmt: skip


async def test_each_lot_becomes_one_of_the_other_scheme(
    ledger: Ledger, connection: Connection, fill: Fill
) -> None:
    learner = await fill(100, 100)
    made = await _convert(ledger, connection, learner)
    assert [(lot.number, lot.source_lot, lot.amount) for lot in made.lots] == [(1, 1, 50), (2, 2, 50)]
    assert await lots(connection, learner) == [(0, 0, 0, 100, 0, 0), (30, 0, 0, 70, 0, 0)]
    assert await lots(connection, learner, OTHER_SCHEME) == [(50, 0, 0, 0, 0, 0)] * 2
    rounding = await connection.fetchval(
        "select sum(amount) from posting where learner = $1 and bucket = 8", learner
    )
    assert rounding == 40 // 3
    same = await connection.fetchval(
        "select count(*) from lot a join lot b using (learner, number, issuer, outcome, earned_on)"
        " where a.learner = $1 and a.scheme = 1 and b.scheme = $2", learner, OTHER_SCHEME
    )  # fmt: skip
    assert same == 2
    assert await _convert(ledger, connection, learner) == made


async def test_what_does_not_balance_is_refused(ledger: Ledger, connection: Connection, fill: Fill) -> None:
    learner = await fill(100)
    for issued, rounding in (([66], 3), ([67], -1), ([66, 0], 2), ([0], 200), ([-1], 203)):
        with pytest.raises(ConversionUnbalanced):
            await ledger.convert(
                connection, learner, SCHEME, [Part(1, 100)],
                to_scheme=OTHER_SCHEME, issued=issued, rounding=rounding, rule=THIRDS, key="k",
            )  # fmt: skip
    assert await lots(connection, learner) == [(100, 0, 0, 0, 0, 0)]


async def test_a_refused_conversion_issues_nothing(
    ledger: Ledger, connection: Connection, fill: Fill
) -> None:
    learner = await fill(100, 69)
    with pytest.raises(CreditsUnavailable):
        await _convert(ledger, connection, learner)
    assert await lots(connection, learner, OTHER_SCHEME) == []


async def test_other_content_under_the_same_key_is_refused(
    ledger: Ledger, connection: Connection, fill: Fill
) -> None:
    learner = await fill(100, 100)
    await _convert(ledger, connection, learner)
    with pytest.raises(IdempotencyConflict):
        await ledger.convert(
            connection, learner, SCHEME, [Part(1, 100), Part(2, 70)],
            to_scheme=OTHER_SCHEME, issued=[50, 51], rounding=37, rule=THIRDS, key="k",
        )  # fmt: skip


async def test_a_hold_is_captured_into_a_conversion(
    ledger: Ledger, connection: Connection, fill: Fill
) -> None:
    learner = await fill(100)
    hold = await ledger.hold(
        connection, learner, SCHEME, [Part(1, 90)], key="h",
        until=datetime.now(UTC) + timedelta(days=1), purpose="conversion",
    )  # fmt: skip
    with pytest.raises(ConversionUnbalanced):
        await ledger.capture(connection, hold, into="converted", key="c")
    terms = Conversion(OTHER_SCHEME, [60], 0, THIRDS)
    await ledger.capture(connection, hold, into="converted", key="c", conversion=terms)
    assert await lots(connection, learner) == [(10, 0, 0, 90, 0, 0)]
    with pytest.raises(HoldOver):
        await ledger.capture(connection, hold, into="converted", key="d", conversion=terms)


async def test_converted_credits_are_used_like_others(
    ledger: Ledger, connection: Connection, fill: Fill, keys: KeyRing
) -> None:
    learner = await fill(100, 100)
    await _convert(ledger, connection, learner)
    back = Terms(new_id(), 3, 2)
    await ledger.convert(
        connection, learner, OTHER_SCHEME, [Part(2, 50)],
        to_scheme=SCHEME, issued=[75], rounding=0, rule=back, key="back",
    )  # fmt: skip
    assert (await lots(connection, learner))[2] == (75, 0, 0, 0, 0, 0)
    await ledger.redeem(connection, learner, SCHEME, [Part(4, 75)], key="r")
    await ledger.redeem(connection, learner, OTHER_SCHEME, [Part(1, 50)], key="r2")


async def test_the_books_hold_after_all_this(connection: Connection, keys: KeyRing) -> None:
    assert await audit(connection, keys) == []
