"""The life of a case: whatever is tried, it is decided once, and once more on appeal."""

from datetime import UTC, datetime, timedelta
from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from services.creditbank.cases.rules import (
    OPEN,
    REMEDIES,
    REMEDIES_OF,
    Act,
    Standing,
    after,
    can_be_appealed,
)

ACTS: tuple[Act, ...] = get_args(Act)


@given(st.lists(st.sampled_from(ACTS), max_size=30))
def test_whatever_is_tried_there_are_two_decisions_and_one_appeal_at_most(acts: list[Act]) -> None:
    standing, done = Standing(), []
    for act in acts:
        then = after(standing, act)
        if then is None:
            continue
        assert standing.state not in ("closed", "withdrawn"), "what is over stays over"
        if act in ("decide", "add_evidence"):
            assert standing.state in OPEN
        if act == "appeal":
            assert standing == Standing("decided", 1)
        done.append(act)
        standing = then
    assert done.count("appeal") <= 1
    assert standing.decisions == done.count("decide") <= 1 + done.count("appeal")
    assert "withdraw" not in done or standing.decisions == 0
    assert (standing.state in OPEN) or standing.state in ("decided", "closed", "withdrawn")


@given(st.integers(-5, 5))
def test_an_appeal_has_its_time(days: int) -> None:
    now = datetime(2026, 11, 22, tzinfo=UTC)
    until = now + timedelta(days=days)
    assert can_be_appealed(Standing("decided", 1), until, now) == (days > 0)
    assert not can_be_appealed(Standing("decided", 2), until, now)
    assert not can_be_appealed(Standing("decided", 1), None, now)
    assert not can_be_appealed(Standing("closed", 1), until, now)


def test_every_remedy_fits_something() -> None:
    assert {one for fitting in REMEDIES_OF.values() for one in fitting} == set(REMEDIES)
