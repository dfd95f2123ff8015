"""Random histories of everything that happens to credits, each step compared with the reference."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from infra.dev.stores import ServiceStore
from libs.common.ids import new_id
from libs.common.problems import IdempotencyConflict, Problem
from services.creditbank.books.service import audit
from services.creditbank.deposits.rules import Answers, Call, Item
from services.creditbank.learners.keys import KeyRing
from services.creditbank.ledger.problems import AccountFrozen
from services.creditbank.ledger.repository import Hold
from services.creditbank.ledger.rules import Part, Place, Terms
from services.creditbank.ledger.service import Ledger
from services.creditbank.tables import Connection
from tests.integration.creditbank.ledger.conftest import OTHER_SCHEME, SCHEME, number_of
from tests.integration.creditbank.ledger.model import Book, Reference, Refusal
from tests.integration.creditbank.ledger.told import heard, known
from tests.integration.creditbank.test_history import Bank
from tests.integration.creditbank.world import make_district

TERMS = Terms(new_id(), 2, 3)
WHO = st.integers(0, 1)
SCHEMES = st.sampled_from([SCHEME, SCHEME, OTHER_SCHEME])
KEYS = st.sampled_from("abcdefghijkl")
LOT = st.integers(1, 4)
AMOUNT = st.sampled_from([1, 50, 100])
PARTS = st.lists(st.tuples(LOT, AMOUNT), min_size=1, max_size=3, unique_by=lambda part: part[0]).map(sorted)
_PARTS = ("available", "held", "redeemed", "converted", "revoked")


class Operations(RuleBasedStateMachine):
    """Two learners with two books each; few lots, keys and amounts, so that they collide."""

    bank: Bank

    def __init__(self) -> None:
        super().__init__()
        self.run = self.bank.run
        self.district = self.run(make_district(self.bank.database, self.bank.keys))
        self.learners = [
            self.run(number_of(self.bank.database, person)) for person in self.district.students[:2]
        ]
        self.ledger = Ledger(self.bank.keys)
        self.reference = Reference()
        self.holds: dict[tuple[Book, int], Hold] = {}
        self.freezes: dict[int, Any] = {}
        self.connection: Connection = self.run(self.bank.database.connect())
        self.posted = 0
        for who in (0, 1):
            self.deposit(who, 100)
            self.deposit(who, 150)
            self.convert(who, "at first", 2, 50, False)

    def compare(self, expected: Any, work: Any) -> Any:
        """Both do it, or both refuse it; a key with other content as such."""
        try:
            number = expected()
        except Refusal as refusal:
            kind = {"conflict": IdempotencyConflict, "account_frozen": AccountFrozen}.get(
                refusal.reason, Problem
            )
            with pytest.raises(kind) as refused:
                self.run(work)
            assert kind is not Problem or not isinstance(refused.value, IdempotencyConflict)
            return None
        made = self.run(work)
        assert (made.sequence if isinstance(made, Hold) else made.place.sequence) == number
        return made

    @rule(who=WHO, amount=AMOUNT)
    def deposit(self, who: int, amount: int) -> None:
        self.posted += 1
        item = Item(
            f"k{self.posted}", self.district.students[who], None, self.district.course, None, None, amount,
            None, date(2026, 6, 30),
        )  # fmt: skip
        school = self.district.school
        call = Call(new_id(), school, school, "test", "xuebu:credits", [item])
        (answers,) = self.run(self.bank.desk.post([call]))
        assert isinstance(answers, Answers)
        assert answers.items[0].outcome == "posted"
        self.reference.deposit((self.learners[who], SCHEME), amount)

    @rule(who=WHO, scheme=SCHEMES, key=KEYS, parts=PARTS)
    def hold(self, who: int, scheme: int, key: str, parts: list[tuple[int, int]]) -> None:
        book = self.learners[who], scheme
        hold = self.compare(
            lambda: self.reference.hold(book, key, parts),
            self.ledger.hold(
                self.connection, *book, [Part(*one) for one in parts], key=key,
                until=datetime.now(UTC) + timedelta(hours=1), purpose="test",
            ),
        )  # fmt: skip
        if hold:
            self.holds[book, hold.sequence] = hold

    @rule(data=st.data(), key=KEYS, parts=st.one_of(st.none(), PARTS))
    def capture_or_release(self, data: Any, key: str, parts: list[tuple[int, int]] | None) -> None:
        if not self.holds:
            return
        book, number = data.draw(st.sampled_from(sorted(self.holds)))
        hold = self.holds[book, number]
        if parts is None:
            self.compare(
                lambda: self.reference.end(book, f"release {hold.id}", number, [], "redeemed"),
                self.ledger.release(self.connection, hold),
            )
        else:
            self.compare(
                lambda: self.reference.end(book, key, number, parts, "redeemed"),
                self.ledger.capture(self.connection, hold, key=key, parts=[Part(*one) for one in parts]),
            )

    @rule(who=WHO, scheme=SCHEMES, key=KEYS, parts=PARTS)
    def redeem(self, who: int, scheme: int, key: str, parts: list[tuple[int, int]]) -> None:
        book = self.learners[who], scheme
        self.compare(
            lambda: self.reference.redeem(book, key, parts),
            self.ledger.redeem(self.connection, *book, [Part(*one) for one in parts], key=key),
        )

    @rule(who=WHO, key=KEYS, lot=LOT, amount=AMOUNT, back=st.sampled_from([False, False, True]))
    def convert(self, who: int, key: str, lot: int, amount: int, back: bool) -> None:
        source, target = (OTHER_SCHEME, SCHEME) if back else (SCHEME, OTHER_SCHEME)
        learner = self.learners[who]
        self.compare(
            lambda: self.reference.convert((learner, source), target, key, lot, amount),
            self.ledger.convert(
                self.connection, learner, source, [Part(lot, amount)], to_scheme=target,
                issued=[amount * 2 // 3], rounding=amount * 2 % 3, rule=TERMS, key=key,
            ),
        )  # fmt: skip

    @rule(who=WHO, scheme=SCHEMES, key=KEYS, entry=st.integers(1, 12), rescind=st.booleans())
    def reverse(self, who: int, scheme: int, key: str, entry: int, rescind: bool) -> None:
        book = self.learners[who], scheme
        work = self.ledger.rescind if rescind else self.ledger.revoke
        self.compare(
            lambda: self.reference.reverse(book, key, "rescind" if rescind else "revoke", entry),
            work(self.connection, Place(*book, entry), key=key),
        )

    @rule(who=WHO, scheme=SCHEMES, keys=st.tuples(KEYS, KEYS), entry=st.integers(1, 12), spends=st.booleans())
    def reconvert(self, who: int, scheme: int, keys: tuple[str, str], entry: int, spends: bool) -> None:
        """Any entry, a conversion if there is one; perhaps after some of what it made was spent."""
        made = sorted(self.reference.conversions)
        book, target = made[entry % len(made)] if made else ((self.learners[who], scheme), entry)
        if made and spends:
            _, _, other, lot = self.reference.conversions[book, target]
            self.compare(
                lambda: self.reference.redeem(other, keys[0], [(lot, 1)]),
                self.ledger.redeem(self.connection, *other, [Part(lot, 1)], key=keys[0]),
            )
        self.compare(
            lambda: self.reference.reconvert(book, keys[1], target),
            self.ledger.reverse_conversion(self.connection, Place(*book, target), key=keys[1]),
        )

    @rule(who=WHO)
    def freeze_or_thaw(self, who: int) -> None:
        learner = self.learners[who]
        if learner in self.freezes:
            self.run(
                self.connection.execute(
                    "select end_freeze($1, $2, $3)", learner, self.freezes.pop(learner), new_id()
                )
            )
            self.reference.frozen.discard(learner)
        else:
            self.freezes[learner] = new_id()
            self.run(
                self.connection.execute(
                    "select begin_freeze($1, $2, $3, 'test')", learner, self.freezes[learner], new_id()
                )
            )
            self.reference.frozen.add(learner)

    @invariant()
    def the_books_are_those_of_the_reference(self) -> None:
        rows = self.run(
            self.connection.fetch(
                f"select learner, scheme, number, {', '.join(_PARTS)} from lot where learner = any($1)",
                self.learners,
            )
        )
        found = {
            (row["learner"], row["scheme"], row["number"]): +Counter({part: row[part] for part in _PARTS})
            for row in rows
        }
        assert found == {
            (*book, number): +parts
            for book, held in self.reference.books.items()
            for number, parts in held.items()
        }

    def teardown(self) -> None:
        found = self.run(audit(self.connection, self.bank.keys))
        for person, number in zip(self.district.students, self.learners, strict=False):
            by_events = self.run(heard(self.connection, person, self.district.school))
            assert by_events == self.run(known(self.connection, [number], self.district.school))
        self.run(self.connection.close())
        assert found == []


def test_random_histories_follow_the_reference(store: ServiceStore, keys: KeyRing, owner: Connection) -> None:
    bank = Bank(store, keys)
    try:
        run_state_machine_as_test(
            type("OperationsOfThisBank", (Operations,), {"bank": bank}),
            settings=settings(
                max_examples=25,
                stateful_step_count=40,
                deadline=None,
                phases=(Phase.generate,),  # shrinking takes minutes: the steps are printed as they were
                database=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
    finally:
        bank.close()
