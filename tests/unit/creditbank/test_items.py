"""How an item is recognised: by its key within the institution, and by its content as sent."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.creditbank.deposits.rules import Item, key_digest, payload_digest, refusal_before_look_up

TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=4)
ITEMS = st.builds(
    Item,
    key=TEXTS,
    learner_id=st.none() | st.sampled_from([UUID(int=1), UUID(int=2)]),
    learner_sourced_id=TEXTS,
    course_id=st.none() | st.sampled_from([UUID(int=1), UUID(int=2)]),
    course_sourced_id=TEXTS,
    attempt=st.none() | TEXTS,
    amount=st.integers(1, 3),
    grade=st.none() | TEXTS,
    earned_on=st.dates(date(2026, 1, 1), date(2026, 1, 3)),
)


def _content(item: Item) -> tuple[Any, ...]:
    learner = item.learner_id or item.learner_sourced_id
    return learner, item.course_id or item.course_sourced_id, *item[5:]


@given(ITEMS, ITEMS)
def test_only_the_same_content_has_the_same_digest(first: Item, second: Item) -> None:
    same = payload_digest("s", first) == payload_digest("s", second)
    assert same == (_content(first) == _content(second))


@given(TEXTS, TEXTS)
def test_keys_are_apart_between_institutions(first: str, second: str) -> None:
    assert key_digest(UUID(int=1), first) != key_digest(UUID(int=2), first)
    assert (key_digest(UUID(int=1), first) == key_digest(UUID(int=1), second)) == (first == second)


def test_tomorrow_is_refused_unless_it_is_today_somewhere() -> None:
    item = Item("k", None, "S", None, "C", None, 1, None, date(2026, 3, 2))
    assert refusal_before_look_up(item, datetime(2026, 3, 1, 9, tzinfo=UTC)) == "earned_in_future"
    assert refusal_before_look_up(item, datetime(2026, 3, 1, 11, tzinfo=UTC)) is None
    long_ago = item._replace(earned_on=date(1899, 12, 31))
    assert refusal_before_look_up(long_ago, datetime(2026, 3, 1, tzinfo=UTC)) == "earned_too_early"
