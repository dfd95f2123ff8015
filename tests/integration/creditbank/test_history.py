"""Random histories of posting, each step compared with the reference, the audit at the end of each."""

import asyncio
from collections.abc import Coroutine
from datetime import date
from typing import Any, TypeVar
from uuid import UUID

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from infra.dev.stores import ServiceStore
from libs.common.database import Database
from libs.common.ids import new_id
from services.creditbank.books.service import audit
from services.creditbank.deposits.rules import Answers, Call, Item
from services.creditbank.deposits.service import PostingDesk
from services.creditbank.learners.keys import KeyRing
from tests.integration.creditbank.model import Reference
from tests.integration.creditbank.world import District, make_district

Result = TypeVar("Result")

ITEMS = st.lists(
    st.builds(
        Item,
        key=st.sampled_from(["a", "b", "c", "d", "e", "f"]),
        learner_id=st.none(),
        learner_sourced_id=st.sampled_from(["S-0", "S-1", "S-2", "nobody"]),
        course_id=st.none(),
        course_sourced_id=st.sampled_from(["C-1", "C-2", "C-3"]),
        attempt=st.sampled_from([None, None, "2026-1", "2026-2"]),
        amount=st.sampled_from([1, 100, 1_000_000]),
        grade=st.sampled_from([None, "优"]),
        earned_on=st.just(date(2026, 6, 30)),
    ),
    min_size=1,
    max_size=8,
)


class Bank:
    """The bank on a loop of its own, since a state machine is not asynchronous."""

    def __init__(self, store: ServiceStore, keys: KeyRing) -> None:
        self.loop = asyncio.new_event_loop()
        self.keys = keys
        self.database = self.run(Database(store.database).start())
        self.desk = PostingDesk(self.database, keys)

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        return self.loop.run_until_complete(work)

    def close(self) -> None:
        self.run(self.database.stop())
        self.loop.close()


class History(RuleBasedStateMachine):
    """Two institutions post to three learners, with few keys and attempts, so that they collide."""

    bank: Bank

    def __init__(self) -> None:
        super().__init__()
        self.district: District = self.bank.run(make_district(self.bank.database, self.bank.keys))
        school, other = self.district.school, self.district.other_school
        self.reference = Reference(
            learners={f"S-{n}": student for n, student in enumerate(self.district.students)},
            courses={
                (school, "C-1"): self.district.course,
                (other, "C-3"): self.district.other_course,
                **{(place, "C-2"): self.district.district_course for place in (school, other)},
            },
        )

    @rule(items=ITEMS, first=st.booleans())
    def post(self, items: list[Item], first: bool) -> None:
        institution = self.district.school if first else self.district.other_school
        call = Call(new_id(), institution, institution, "test", "xuebu:credits", items)
        (answers,) = self.bank.run(self.bank.desk.post([call]))
        assert isinstance(answers, Answers)
        in_call: dict[str, tuple[Item, Any]] = {}
        for item, answer in zip(items, answers.items, strict=True):
            expected = self._expected(institution, item, in_call)
            assert (answer.outcome, answer.reason) == expected[:2], item
            if answer.outcome == "posted":
                assert answer.entry is not None
                self.reference.post(institution, item, answer.entry)
                expected = ("posted", None, answer.entry)
            assert str(answer.entry) == str(expected[2]), item
            in_call.setdefault(item.key, (item, expected))

    def _expected(
        self, institution: UUID, item: Item, in_call: dict[str, tuple[Item, Any]]
    ) -> tuple[Any, ...]:
        # What was known before this call is judged by the books, what came in this call by the call.
        if item.key in in_call and in_call[item.key][1][0] in ("replayed", "conflict"):
            return self.reference.answer(institution, item, {})
        return self.reference.answer(institution, item, in_call)

    @invariant()
    def balances_and_chains_are_those_of_the_reference(self) -> None:
        rows = self.bank.run(
            self.bank.database.pool.fetch(
                "select a.person, a.available, a.sequence, array(select e.id from entry e"
                " where e.learner = a.learner and e.scheme = a.scheme order by e.sequence) as chain"
                " from account a where a.person = any($1)",
                self.district.students,
            )
        )
        for row in rows:
            learner = UUID(str(row["person"]))
            assert row["available"] == self.reference.balances[learner]
            assert [str(one) for one in row["chain"]] == [str(one) for one in self.reference.chains[learner]]
            assert row["sequence"] == len(row["chain"])

    @invariant()
    def totals_are_those_of_the_reference(self) -> None:
        for institution in (self.district.school, self.district.other_school):
            issued = self.bank.run(
                self.bank.database.pool.fetchval(
                    "select coalesce(sum(amount), 0)::bigint from deposit_batch where institution = $1",
                    institution,
                )
            )
            assert issued == self.reference.issued[institution]

    def teardown(self) -> None:
        async def check() -> list[Any]:
            connection = await self.bank.database.connect()
            try:
                return list(await audit(connection, self.bank.keys))
            finally:
                await connection.close()

        assert self.bank.run(check()) == []


def test_random_histories_follow_the_reference(store: ServiceStore, keys: KeyRing) -> None:
    bank = Bank(store, keys)
    try:
        run_state_machine_as_test(
            type("HistoryOfThisBank", (History,), {"bank": bank}),
            settings=settings(
                max_examples=15,
                stateful_step_count=12,
                deadline=None,
                phases=(Phase.generate,),  # shrinking takes minutes: the steps are printed as they were
                database=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
    finally:
        bank.close()
