"""Degrees of the kinds that exist, and each reason why credits do not count."""

from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest

from libs.common.languages import Text
from services.creditbank.conversions.rules import Bar
from services.creditbank.programmes.checking import breaches
from services.creditbank.programmes.degree_audit import audit
from services.creditbank.programmes.explaining import EXCLUDED, UNMET
from services.creditbank.programmes.rules import (
    Course,
    Credit,
    LevelMinimum,
    Requirement,
    RuleSet,
    faults,
)

TODAY = date(2026, 11, 22)
EARNED = date(2025, 6, 30)
OWN, COLLEGE = UUID(int=100), UUID(int=101)
MAJOR, GENERAL, ANY = UUID(int=1), UUID(int=2), UUID(int=3)
COURSES = {MAJOR: Course("major", 6), GENERAL: Course("general", 4)}
REST = Requirement("rest", Text("The rest", "其余"))


def requirement(category: str, credits: int, most: int | None = None) -> Requirement:  # noqa: A002
    return Requirement(category, Text(category, category), credits, most, frozenset({category}))


def lot(number: int, amount: int, outcome: UUID, issuer: UUID = OWN, **more: object) -> Credit:
    given = {"is_own": issuer == OWN, "is_accepted": True, **more}
    return Credit((1, number), amount, outcome, issuer, EARNED, **given)  # type: ignore[arg-type]


def test_a_degree_of_categories() -> None:
    """140 credits: 60 of the major, 30 general, the rest free, as Korea's bank asks."""
    rules = RuleSet(
        14_000, COURSES, (requirement("major", 6_000), requirement("general", 3_000), REST), accepts="any"
    )
    held = [lot(1, 9_000, MAJOR), lot(2, 3_000, GENERAL, COLLEGE)]
    made = audit(rules, held, TODAY)
    assert [(one.rule, one.missing) for one in made.unmet] == [("total", 2_000)]
    made = audit(rules, [*held, lot(3, 2_500, ANY)], TODAY)
    assert made.is_met
    assert breaches(rules, [*held, lot(3, 2_500, ANY)], made.allocations) == []
    assert [(one.amount, one.reason) for one in made.left_out] == [(500, "not_needed")]


def test_higher_credits_are_counted_where_a_level_needs_them() -> None:
    rules = RuleSet(
        100, {**COURSES, ANY: Course(None, 5)}, (REST,), levels=(LevelMinimum(6, 60), LevelMinimum(5, 90))
    )
    held = [lot(1, 90, GENERAL), lot(2, 40, ANY), lot(3, 60, MAJOR)]
    made = audit(rules, held, TODAY)
    assert made.is_met
    # Even before own ones, which come first where there is a choice.
    elsewhere = [replace(one, issuer=COLLEGE, is_own=False) for one in held[1:]]
    assert audit(rules, [held[0], *elsewhere], TODAY).is_met
    made = audit(rules, [lot(1, 90, GENERAL), lot(3, 60, MAJOR)], TODAY)
    assert [(one.rule, one.code, one.missing) for one in made.unmet] == [("level", "5", 30)]


def test_own_credits_are_counted_where_residency_needs_them() -> None:
    rules = RuleSet(100, COURSES, (REST,), residency=50)
    held = [lot(1, 100, MAJOR, COLLEGE), lot(2, 50, GENERAL)]
    made = audit(rules, held, TODAY)
    assert made.is_met
    assert sum(one.amount for one in made.allocations if one.key == (1, 2)) == 50
    short = audit(rules, [held[0], replace(held[1], amount=30)], TODAY)
    assert [(one.rule, one.counted, one.missing) for one in short.unmet] == [
        ("total", 80, 20),
        ("residency", 30, 20),
    ]
    assert [(one.amount, one.reason) for one in short.left_out] == [(50, "residency_cap")]


def test_what_was_recognised_is_not_residence() -> None:
    rules = RuleSet(100, COURSES, (REST,), residency=50)
    made = audit(rules, [lot(1, 100, MAJOR, origin="recognition")], TODAY)
    assert [one.rule for one in made.unmet] == ["total", "residency"]


BASE = RuleSet(100, COURSES, (requirement("major", 0), requirement("general", 0)), accepts="transferred")


@pytest.mark.parametrize(
    ("rules", "held", "reason"),
    [
        (BASE, lot(1, 50, MAJOR, COLLEGE, is_accepted=False), "not_accepted"),
        (replace(BASE, accepts="own"), lot(1, 50, MAJOR, COLLEGE), "not_accepted"),
        (BASE, lot(1, 50, MAJOR, expires_on=TODAY), "expired"),
        (replace(BASE, bar=Bar(maximum_age_months=12)), lot(1, 50, MAJOR), "too_old"),
        (replace(BASE, bar=Bar("60")), lot(1, 50, MAJOR, grade="59"), "grade_too_low"),
        (replace(BASE, bar=Bar("60")), lot(1, 50, MAJOR, grade="good"), "grade_not_comparable"),
        (BASE, lot(1, 50, ANY), "not_covered"),
        (replace(BASE, most_a_year=0), lot(1, 50, MAJOR), "year_cap"),
        (replace(BASE, most_of_a_provider=0), lot(1, 50, MAJOR, COLLEGE), "provider_cap"),
        (replace(BASE, most_recognised=0), lot(1, 50, MAJOR, origin="recognition"), "recognition_cap"),
        (replace(BASE, residency=100), lot(1, 50, MAJOR, COLLEGE), "residency_cap"),
        (
            replace(BASE, requirements=(requirement("major", 0, 1), REST), total=1),
            lot(1, 50, MAJOR),
            "not_needed",
        ),
    ],
)
def test_why_credits_do_not_count(rules: RuleSet, held: Credit, reason: str) -> None:
    assert {one.reason for one in audit(rules, [held], TODAY).left_out} == {reason}


def test_a_full_requirement_takes_no_more() -> None:
    rules = replace(BASE, requirements=(requirement("major", 0, 40), requirement("general", 0)))
    made = audit(rules, [lot(1, 50, MAJOR)], TODAY)
    assert [(one.amount, one.reason) for one in made.left_out] == [(10, "requirement_full")]


@pytest.mark.parametrize(
    "pair",
    [
        (lot(1, 50, MAJOR), lot(2, 60, MAJOR)),
        (lot(1, 50, MAJOR, group=UUID(int=9)), lot(2, 60, GENERAL, group=UUID(int=9))),
        (lot(1, 50, MAJOR, above=frozenset({GENERAL})), lot(2, 60, GENERAL)),
    ],
)
def test_the_same_learning_counts_once(pair: tuple[Credit, Credit]) -> None:
    made = audit(BASE, pair, TODAY)
    assert made.counted == 60
    assert [(one.credit.key, one.reason) for one in made.left_out] == [((1, 1), "equivalent_counted")]
    assert made.measures == audit(BASE, pair[::-1], TODAY).measures


def test_parts_of_one_result_count_beside_one_another() -> None:
    halves = lot(1, 50, MAJOR, attempt="exam"), lot(2, 50, MAJOR, attempt="exam")
    assert audit(BASE, halves, TODAY).is_met


def test_every_measure_and_reason_has_words_in_both_languages() -> None:
    for text in (*UNMET.values(), *EXCLUDED.values()):
        assert text.en != text.zh
        assert all(f"{{{name}}}" in text.zh for name in _placeholders(text.en))


def _placeholders(text: str) -> set[str]:
    return {part.split("}")[0] for part in text.split("{")[1:]}


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        (replace(BASE, total=0), ["total"]),
        (replace(BASE, requirements=()), ["requirements"]),
        (replace(BASE, requirements=(REST, REST)), ["requirements"]),
        (replace(BASE, requirements=(requirement("major", 101),)), ["requirements.credits"]),
        (replace(BASE, requirements=(requirement("major", 0, 99),)), ["requirements.most"]),
        (replace(BASE, requirements=(requirement("major", 2, 1), REST)), ["requirements.most"]),
        (replace(BASE, requirements=(requirement("music", 0),)), ["requirements.categories"]),
        (replace(BASE, levels=(LevelMinimum(1, 101),)), ["levels"]),
        (replace(BASE, residency=101), ["residency"]),
        (replace(BASE, year_begins_in=13), ["year_begins_in"]),
        (replace(BASE, bar=Bar("good")), ["minimum_grade"]),
        (BASE, []),
    ],
)
def test_unusable_rule_sets(wrong: RuleSet, named: list[str]) -> None:
    assert faults(wrong) == named
