"""Random histories with credits of long ago: what the books say as of any time and day, against a reference.

The reference keeps a list of entries, each with its day and its movements, and adds up what counts.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from infra.dev.stores import ServiceStore
from libs.common.ids import new_id
from libs.common.problems import Problem
from services.creditbank.books.service import audit
from services.creditbank.deposits.rules import Answers, Call, Item
from services.creditbank.learners.keys import KeyRing
from services.creditbank.ledger.repository import Hold
from services.creditbank.ledger.rules import Part, Place, hundredths
from services.creditbank.ledger.service import Ledger
from services.creditbank.statements import repository
from services.creditbank.statements.rules import PARTS, View
from tests.integration.creditbank.test_history import Bank
from tests.integration.creditbank.world import make_district

_DAYS = st.integers(-3, 1)  # from today; 1: where it is tomorrow already
_LOT = st.integers(1, 3)
_AMOUNT = st.sampled_from([1, 40, 100])


@dataclass
class Reference:
    """Entries in their order: what each moves, and of which lots; a deposit has its own day."""

    today: date
    entries: list[tuple[Counter[str], set[int]]] = field(default_factory=list)
    earned: dict[int, date] = field(default_factory=dict)

    def deposit(self, day: date, amount: int) -> None:
        self.entries.append((Counter({"available": amount}), set()))
        self.earned[len(self.entries)] = day

    def write(self, moves: dict[str, int], lot: int) -> None:
        self.entries.append((Counter(moves), {lot}))

    def balance(self, known: int, day: date | None) -> dict[str, int]:
        """Of the first `known` entries those in force on a day: none before what it moves."""
        total: Counter[str] = Counter()
        since = date.min
        for number, (moves, lots) in enumerate(self.entries[:known], start=1):
            if number not in self.earned:
                since = max([since, self.today, *(self.earned[lot] for lot in lots)])
            if day is None or self.earned.get(number, since) <= day:
                total.update(moves)
        return {part: total[part] for part in PARTS}


class History(RuleBasedStateMachine):
    """One book; operations that the ledger refuses leave no trace in the reference either."""

    bank: Any

    def __init__(self) -> None:
        super().__init__()
        self.run = self.bank.run
        self.district = self.run(make_district(self.bank.database, self.bank.keys, students=1))
        (self.person,) = self.district.students
        self.number = self.run(
            self.bank.database.pool.fetchval("select number from learner where id = $1", self.person)
        )
        self.ledger = Ledger(self.bank.keys)
        self.connection: Any = self.run(self.bank.database.connect())
        self.today = datetime.now(UTC).date()
        self.reference = Reference(self.today)
        self.holds: list[tuple[Hold, dict[int, int]]] = []
        self.spent: list[tuple[int, dict[int, int]]] = []
        for day in (-1, 0, -2):
            self.deposit(day, 100)

    @rule(day=_DAYS, amount=_AMOUNT)
    def deposit(self, day: int, amount: int) -> None:
        earned = self.today + timedelta(days=day)
        item = Item(
            new_id().hex, self.person, None, self.district.course, None, None, amount, None, earned
        )  # fmt: skip
        school = self.district.school
        (answers,) = self.run(
            self.bank.desk.post([Call(new_id(), school, school, "t", "xuebu:credits", [item])])
        )
        assert isinstance(answers, Answers)
        if answers.items[0].outcome != "posted":  # nowhere on earth is it tomorrow now
            assert answers.items[0].reason == "earned_in_future"
            return
        self.reference.deposit(earned, amount)

    def once(self, work: Any) -> Any:
        try:
            return self.run(work)
        except Problem:
            return None

    @rule(lot=_LOT, amount=_AMOUNT)
    def hold(self, lot: int, amount: int) -> None:
        parts = [Part(lot, amount)]
        until = datetime.now(UTC) + timedelta(hours=1)
        held = self.once(
            self.ledger.hold(
                self.connection, self.number, 1, parts, key=new_id().hex, until=until, purpose="t"
            )
        )
        if held:
            self.reference.write({"available": -amount, "held": amount}, lot)
            self.holds.append((held, {lot: amount}))

    @rule(captures=st.booleans())
    def end_a_hold(self, captures: bool) -> None:
        if not self.holds:
            return
        hold, parts = self.holds.pop()
        ((lot, amount),) = parts.items()
        if captures:
            made = self.run(self.ledger.capture(self.connection, hold, key=new_id().hex))
            self.reference.write({"held": -amount, "redeemed": amount}, lot)
            self.spent.append((made.place.sequence, parts))
        else:
            self.run(self.ledger.release(self.connection, hold))
            self.reference.write({"held": -amount, "available": amount}, lot)

    @rule()
    def rescind(self) -> None:
        if not self.spent:
            return
        sequence, parts = self.spent.pop()
        ((lot, amount),) = parts.items()
        self.run(self.ledger.rescind(self.connection, Place(self.number, 1, sequence), key=new_id().hex))
        self.reference.write({"redeemed": -amount, "available": amount}, lot)

    @rule(lot=_LOT)
    def revoke(self, lot: int) -> None:
        if self.once(self.ledger.revoke(self.connection, Place(self.number, 1, lot), key=new_id().hex)):
            amount = self.reference.entries[lot - 1][0]["available"]
            self.reference.write({"available": -amount, "revoked": amount}, lot)

    def teardown(self) -> None:
        try:
            self.compare()
            assert self.run(audit(self.connection, self.bank.keys)) == []
            self.turn_clocks(-1)
            self.compare()
        finally:
            self.turn_clocks(1)
            self.run(self.connection.close())

    def turn_clocks(self, sign: int) -> None:
        """As if every second writer had waited for one that began later; the first lot is of tomorrow."""
        self.run(
            self.bank.owner.execute(
                "update entry set"
                " recorded_at = recorded_at + make_interval(hours => (1 - sequence % 2) * $2),"
                " effective_on = effective_on - case sequence when 1 then 2 * $2 else 0 end"
                " where learner = $1",
                self.number,
                sign,
            )
        )
        self.reference.earned[1] -= timedelta(days=2 * sign)

    def compare(self) -> None:
        known = self.run(
            self.bank.database.pool.fetch(
                "select max(recorded_at) over (order by sequence) as at from entry where learner = $1"
                " order by sequence",
                self.number,
            )
        )
        times = [row["at"] for row in known]
        assert len(times) < 2 or times == sorted(times)
        assert len(times) == len(self.reference.entries)
        days = [None, *(self.today + timedelta(days=day) for day in range(-4, 3))]
        for n, at in enumerate(times, start=1):
            count = sum(1 for one in times if one <= at)
            for day in days if n % 3 == 0 or n == len(times) else (None, self.today):
                expected = self.reference.balance(count, day)
                assert min(expected.values()) >= 0
                assert self.balance(at, day) == expected, (n, day)
        for by_day in (False, True):
            self.compare_statement(times[-1], by_day)

    def balance(self, at: datetime, day: date | None) -> dict[str, int]:
        told = orjson.loads(
            self.run(
                repository.balances(
                    self.bank.database.pool, learner=self.person, known_by=at, in_force_by=day
                )
            )
        )
        (account,) = told["accounts"]
        return {part: _amount(account[part]) for part in PARTS}

    def compare_statement(self, at: datetime, by_day: bool) -> None:
        view = View("xuebu:credits", at, None, by_day)
        found = self.run(
            repository.statement(
                self.bank.database.pool, learner=self.person, view=view, after=None, limit=1_000
            )
        )
        running: Counter[str] = Counter()
        for line in orjson.loads(found["items"]):
            running.update(self.reference.entries[line["sequence"] - 1][0])
            told = {part: _amount(line["balance"][part]) for part in PARTS}
            assert told == {part: running[part] for part in PARTS}
            assert min(told.values()) >= 0


def _amount(text: str) -> int:
    return -hundredths(text[1:]) if text.startswith("-") else hundredths(text)


def test_books_as_of_any_time_are_those_of_the_reference(store: ServiceStore, keys: KeyRing) -> None:
    import asyncpg

    bank: Any = Bank(store, keys)
    bank.owner = bank.run(asyncpg.connect(store.migrations_database))
    try:
        run_state_machine_as_test(
            type("HistoryOfThisBank", (History,), {"bank": bank}),
            settings=settings(
                max_examples=8,
                stateful_step_count=25,
                deadline=None,
                phases=(Phase.generate,),  # shrinking takes minutes: the steps are printed as they were
                database=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
    finally:
        bank.run(bank.owner.close())
        bank.close()


@pytest.mark.parametrize("text", ["-1.00", "2.50"])
def test_amounts_are_read_with_their_sign(text: str) -> None:
    assert _amount(text) == round(float(text) * 100)
