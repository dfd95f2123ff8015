"""What conversions come to, for any ratio and any parts."""

from datetime import date
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.creditbank.conversions.rules import (
    Bar,
    Terms,
    below_the_bar,
    convert,
    faults,
    months_later,
    refusal,
)

DAY = date(2026, 11, 22)
ISSUER, OUTCOME = UUID(int=1), UUID(int=2)
ratios = st.integers(1, 10_000)
terms = st.builds(Terms, ratios, ratios, st.sampled_from([1, 5, 25, 50, 100]))
parts = st.lists(st.integers(1, 1_000_000), min_size=1, max_size=40)


@given(terms, parts)
def test_nothing_is_won_and_nothing_is_lost(given_terms: Terms, amounts: list[int]) -> None:
    made = convert(given_terms, amounts)
    assert made.taken == sum(amounts)
    assert made.taken * given_terms.numerator == sum(made.issued) * given_terms.denominator + made.remainder
    assert 0 <= made.remainder < given_terms.denominator * given_terms.step


@given(terms, parts)
def test_every_part_is_worth_what_it_is_worth_to_a_step(given_terms: Terms, amounts: list[int]) -> None:
    made = convert(given_terms, amounts)
    for amount, issued in zip(amounts, made.issued, strict=True):
        assert issued >= 0
        assert issued % given_terms.step == 0
        off = issued * given_terms.denominator - amount * given_terms.numerator
        assert abs(off) < given_terms.denominator * given_terms.step


@given(terms, parts, st.data())
def test_parting_wins_nothing(given_terms: Terms, amounts: list[int], data: st.DataObject) -> None:
    """Converted in two calls, credits never come to more than in one."""
    at = data.draw(st.integers(0, len(amounts)))
    whole = sum(convert(given_terms, amounts).issued)
    parted = sum(convert(given_terms, amounts[:at]).issued) + sum(convert(given_terms, amounts[at:]).issued)
    assert whole - given_terms.step <= parted <= whole


@given(parts)
def test_there_and_back_never_wins(amounts: list[int]) -> None:
    there = convert(Terms(3, 7), amounts)
    back = convert(Terms(7, 3), [one for one in there.issued if one])
    assert sum(back.issued) <= sum(amounts)


def test_a_chinese_semester_in_ects() -> None:
    """18 hours are a credit and 2 credits 3 ECTS; ECTS are given in halves."""
    made = convert(Terms(3, 2, step=50), [300, 250, 100])
    assert made.issued == (450, 350, 150)
    assert made.remainder == 50  # a quarter of an ECTS credit, in halves of hundredths


@pytest.mark.parametrize(
    ("bar", "grade", "expected"),
    [
        (Bar(), None, None),
        (Bar("60"), "59.9", "grade_too_low"),
        (Bar("60"), "100", None),
        (Bar("60"), None, "grade_not_comparable"),
        (Bar("60"), "B", "grade_not_comparable"),
        (Bar("60"), "NaN", "grade_not_comparable"),
        (Bar("C", ("F", "D", "C", "B", "A")), "B", None),
        (Bar("C", ("F", "D", "C", "B", "A")), "D", "grade_too_low"),
        (Bar("C", ("F", "D", "C", "B", "A")), "A+", "grade_not_comparable"),
        # In the German scale 1 is the best: the scale decides, not the number.
        (Bar("4", ("5", "4", "3", "2", "1")), "1", None),
        (Bar("4", ("5", "4", "3", "2", "1")), "5", "grade_too_low"),
    ],
)
def test_grades(bar: Bar, grade: str | None, expected: str | None) -> None:
    assert below_the_bar(bar, grade, DAY, DAY) == expected


@pytest.mark.parametrize(
    ("earned", "months", "old"),
    [
        (date(2019, 11, 22), 84, False),
        (date(2019, 11, 21), 84, True),
        (date(2026, 10, 31), 1, False),  # November has no 31st: its last day counts
        (date(2024, 2, 29), 12, True),
    ],
)
def test_age(earned: date, months: int, old: bool) -> None:
    assert (below_the_bar(Bar(maximum_age_months=months), None, earned, DAY) == "too_old") is old


@given(st.dates(), st.integers(0, 1_200))
def test_months_add_up(day: date, months: int) -> None:
    later = months_later(day, months)
    assert later >= day
    if later != date.max:
        assert (later.year - day.year) * 12 + later.month - day.month == months
        assert later.day <= day.day


def test_an_agreement_covers_what_it_names() -> None:
    agreement = Terms(1, 1, issuers=frozenset({ISSUER}), outcomes=frozenset({OUTCOME}))
    other = UUID(int=3)

    def judged(issuer: UUID, outcome: UUID) -> str | None:
        return refusal(agreement, issuer=issuer, outcome=outcome, grade=None, earned_on=DAY, today=DAY)

    assert judged(ISSUER, OUTCOME) is None
    assert judged(other, OUTCOME) == "issuer_not_covered"
    assert judged(ISSUER, other) == "outcome_not_covered"


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        (Terms(0, 1), ["numerator"]),
        (Terms(1, 10_001), ["denominator"]),
        (Terms(2_001, 2), ["numerator"]),
        (Terms(1, 1, step=0), ["step"]),
        (Terms(1, 1, most=0), ["most"]),
        (Terms(1, 1, bar=Bar("good")), ["minimum_grade"]),
        (Terms(1, 1, bar=Bar("A", ("A", "A"))), ["grades"]),
        (Terms(1, 1, bar=Bar(maximum_age_months=0)), ["maximum_age_months"]),
        (Terms(1, 1, bar=Bar("60")), []),
    ],
)
def test_unusable_terms(wrong: Terms, named: list[str]) -> None:
    assert faults(wrong) == named
