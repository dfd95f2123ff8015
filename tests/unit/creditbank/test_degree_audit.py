"""The degree audit against an exhaustive search, and against a check that shares nothing with it."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from itertools import product
from uuid import UUID

from hypothesis import example, given, settings
from hypothesis import strategies as st

from libs.common.languages import Text
from services.creditbank.programmes.checking import breaches
from services.creditbank.programmes.degree_audit import audit
from services.creditbank.programmes.rules import (
    Allocation,
    Course,
    Credit,
    LevelMinimum,
    Requirement,
    RuleSet,
    faults,
)

TODAY = date(2026, 11, 22)
OUTCOMES = [UUID(int=number) for number in range(1, 6)]
PROVIDERS = [UUID(int=100), UUID(int=100), UUID(int=101)]
OWN = UUID(int=100)
MINIMA = ("total", "requirement", "level", "residency")


@st.composite
def rule_sets(draw: st.DrawFn, levels: int = 1) -> RuleSet:
    """Rules of which about half are met by such holdings as are drawn below."""
    courses = {
        outcome: Course(draw(st.sampled_from("ab")), draw(st.sampled_from([None, 1, 2])))
        for outcome in OUTCOMES
    }
    # What no course has would be refused as a mistake.
    courses[UUID(int=50)], courses[UUID(int=51)] = Course("a"), Course("b")
    requirements = tuple(
        Requirement(
            code,
            Text(code, code),
            credits=(needed := draw(st.integers(0, 2))),
            most=draw(st.sampled_from([None, None, max(1, needed), needed + 2])),
            categories=draw(st.sampled_from([None, frozenset("a"), frozenset("ab")])),
            level=draw(st.sampled_from([None, None, None, 1, 2])),
        )
        for code in ("r", "s")
    )
    total = draw(st.integers(max(1, sum(one.credits for one in requirements)), 5))
    return RuleSet(
        total,
        courses,
        requirements,
        levels=tuple(
            LevelMinimum(draw(st.integers(1, 2)), draw(st.integers(0, (total + 1) // 2)))
            for _ in range(draw(st.integers(0, levels)))
        ),
        residency=draw(st.sampled_from([0, 0, total // 2, total])),
        most_of_a_provider=draw(st.sampled_from([None, None, 1, 2])),
        most_recognised=draw(st.sampled_from([None, None, 0, 1])),
        accepts=draw(st.sampled_from(["any", "any", "transferred", "own"])),
        repeatable=draw(st.sampled_from([frozenset(), frozenset(OUTCOMES[:1])])),
    )


@st.composite
def holdings(draw: st.DrawFn, least: int = 2, most: int = 4) -> list[Credit]:
    made = []
    for number in range(draw(st.integers(least, most))):
        issuer = draw(st.sampled_from(PROVIDERS))
        made.append(
            Credit(
                (1, number),
                draw(st.integers(1, 2)),
                draw(st.sampled_from([OUTCOMES[number % 5], OUTCOMES[number % 5], *OUTCOMES])),
                issuer,
                draw(st.sampled_from([date(2020, 1, 1), date(2025, 9, 1)])),
                attempt=draw(st.sampled_from([None, None, "once"])),
                group=draw(st.sampled_from([None, None, None, UUID(int=9)])),
                above=draw(st.sampled_from([frozenset(), frozenset(), frozenset(OUTCOMES[:1])])),
                is_own=issuer == OWN,
                origin=draw(st.sampled_from(["deposit", "deposit", "recognition", "conversion"])),
                is_accepted=draw(st.sampled_from([True, True, False])),
            )
        )
    return made


def every_way(rules: RuleSet, held: Sequence[Credit]) -> Iterator[list[Allocation]]:
    """Every way to share out the credits that may count at all."""
    fit = [
        one
        for one in held
        if one.is_own or rules.accepts == "any" or (rules.accepts == "transferred" and one.is_accepted)
    ]
    for shares in product(
        *([(r, s) for r in range(one.amount + 1) for s in range(one.amount + 1 - r)] for one in fit)
    ):
        yield [
            Allocation(one.key, code, amount)
            for one, parts in zip(fit, shares, strict=True)
            for code, amount in zip(("r", "s"), parts, strict=True)
            if amount
        ]


@settings(max_examples=150, deadline=None)
@given(rule_sets(), holdings())
def test_a_way_is_found_whenever_there_is_one(rules: RuleSet, held: list[Credit]) -> None:
    there_is_one = any(not breaches(rules, held, way) for way in every_way(rules, held))
    assert audit(rules, held, TODAY).is_met == there_is_one


@settings(max_examples=200, deadline=None)
@given(rule_sets(levels=3), holdings(0, 8), st.none() | st.integers(1, 3), st.integers(1, 12))
def test_what_counts_breaks_no_rule(
    rules: RuleSet, held: list[Credit], most_a_year: int | None, month: int
) -> None:
    rules = replace(rules, most_a_year=most_a_year, year_begins_in=month)
    made = audit(rules, held, TODAY)
    broken = breaches(rules, held, made.allocations)
    if made.is_met:
        assert broken == []
    else:
        # Only what is not reached yet, never a cap, and each is explained.
        assert {name.split()[0] for name in broken} <= set(MINIMA)
        assert {one.rule for one in made.unmet} == {name.split()[0] for name in broken}


@settings(max_examples=100, deadline=None)
@given(rule_sets(levels=3), holdings(0, 8))
def test_every_hundredth_counts_or_is_explained(rules: RuleSet, held: list[Credit]) -> None:
    made = audit(rules, held, TODAY)
    shown = dict.fromkeys((one.key for one in held), 0)
    for one in made.allocations:
        shown[one.key] += one.amount
    for left in made.left_out:
        assert left.amount > 0
        shown[left.credit.key] += left.amount
    assert shown == {one.key: one.amount for one in held}
    assert made.counted == sum(one.amount for one in made.allocations) <= rules.total


@settings(max_examples=80, deadline=None)
@given(rule_sets(), holdings(), st.randoms(use_true_random=False))
def test_the_order_of_credits_says_nothing(rules: RuleSet, held: list[Credit], random: object) -> None:
    made = audit(rules, held, TODAY)
    shuffled = list(held)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    again = audit(rules, shuffled, TODAY)
    assert (again.is_met, again.counted, again.measures) == (made.is_met, made.counted, made.measures)


@settings(max_examples=80, deadline=None)
@given(rule_sets(), holdings(), holdings(0, 1))
def test_more_credits_never_take_a_degree_away(
    rules: RuleSet, held: list[Credit], more: list[Credit]
) -> None:
    if audit(rules, held, TODAY).is_met:
        added = [replace(one, key=(2, 0)) for one in more]
        assert audit(rules, [*held, *added], TODAY).is_met


@given(rule_sets())
@example(RuleSet(1, {}, (Requirement("r", Text("r", "r")),)))
def test_such_rule_sets_are_usable_unless_they_ask_too_much(rules: RuleSet) -> None:
    most = [one.most for one in rules.requirements]
    narrow = None not in most and sum(one or 0 for one in most) < rules.total
    assert faults(rules) == (["requirements.most"] if narrow else [])
