"""What a learner's credits come to under a programme's rules: which count for what, and what is missing.

What it counts never breaks a rule. With at most one minimum of a level, no most of a year, and not more than
`MOST_CHOICES` ways to choose among equivalent credits, it finds a way to meet all rules whenever there is
one. Otherwise it may miss a cleverer choice; whoever audits can offer it fewer credits to choose from.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from services.creditbank.conversions.rules import below_the_bar
from services.creditbank.programmes.choices import choices, preference
from services.creditbank.programmes.counting import Counted, count
from services.creditbank.programmes.rules import Allocation, Credit, Key, RuleSet

_ROUNDS: Final = 6
#: how often the credits of one audit are shared out at most, so that none takes long
_MOST_COUNTS: Final = 96


@dataclass(frozen=True, slots=True)
class Measure:
    """One rule: what it needs, what counts towards it. `code` is the requirement's, or the level."""

    rule: str
    code: str
    needed: int
    counted: int

    @property
    def missing(self) -> int:
        return max(0, self.needed - self.counted)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A part of a lot that does not count, and why."""

    credit: Credit
    amount: int
    reason: str


@dataclass(frozen=True, slots=True)
class Audit:
    """The result of an audit. `measures` has every rule, met or not."""

    counted: int
    measures: tuple[Measure, ...]
    allocations: tuple[Allocation, ...]
    left_out: tuple[LeftOut, ...]

    @property
    def is_met(self) -> bool:
        return not any(one.missing for one in self.measures)

    @property
    def unmet(self) -> tuple[Measure, ...]:
        return tuple(one for one in self.measures if one.missing)


def audit(rules: RuleSet, held: Sequence[Credit], today: date) -> Audit:
    """Judge the credits as they are today; the same input gives the same result."""
    left_out: list[LeftOut] = []
    fit = []
    for credit in held:
        reason = unfit(rules, credit, today)
        if reason is None:
            fit.append(credit)
        else:
            left_out.append(LeftOut(credit, credit.amount, reason))
    best: tuple[tuple[int, int, int], Counted, list[Credit], dict[Key, int], tuple[Measure, ...]] | None = (
        None
    )
    counts = 0
    for chosen in choices(rules, fit):
        usable = _within_years(rules, chosen)
        for weights in _weights(rules):
            counted = count(rules, chosen, usable, weights)
            measures = measured(rules, chosen, counted.allocations)
            unmet = [one.missing for one in measures if one.missing]
            merit = (len(unmet), sum(unmet), -sum(one.amount for one in counted.allocations))
            if best is None or merit < best[0]:
                best = merit, counted, chosen, usable, measures
            counts += 1
            # Other weights help only where nothing but levels is missing.
            if {one.rule for one in measures if one.missing} != {"level"} or counts >= _MOST_COUNTS:
                break
        if counts >= _MOST_COUNTS or (best is not None and best[0][0] == 0):
            break
    assert best is not None, "there is always one choice, if only of nothing"
    _, counted, chosen, usable, measures = best
    left_out += _leftovers(rules, fit, chosen, usable, counted)
    return Audit(
        sum(one.amount for one in counted.allocations),
        measures,
        tuple(counted.allocations),
        tuple(sorted(left_out, key=lambda one: (preference(rules, one.credit), one.reason))),
    )


def unfit(rules: RuleSet, credit: Credit, today: date) -> str | None:
    """Why a credit cannot count whatever else there is, or None."""
    if credit.expires_on is not None and credit.expires_on <= today:
        return "expired"
    if (
        not credit.is_own
        and rules.accepts != "any"
        and not (rules.accepts == "transferred" and credit.is_accepted)
    ):
        return "not_accepted"
    if reason := below_the_bar(rules.bar, credit.grade, credit.earned_on, today):
        return reason
    course = rules.course(credit.outcome)
    if not any(one.covers(credit.outcome, course) for one in rules.requirements):
        return "not_covered"
    return None


def measured(
    rules: RuleSet, held: Sequence[Credit], allocations: Sequence[Allocation]
) -> tuple[Measure, ...]:
    """Every minimum of the rules beside what the allocations bring towards it."""
    by_key = {credit.key: credit for credit in held}
    of_requirement: dict[str, int] = defaultdict(int)
    for one in allocations:
        of_requirement[one.requirement] += one.amount
    levels = [(rules.course(by_key[one.key].outcome).level, one.amount) for one in allocations]
    resident = sum(one.amount for one in allocations if by_key[one.key].is_resident)
    return (
        Measure("total", "", rules.total, sum(of_requirement.values())),
        *(
            Measure("requirement", one.code, one.credits, of_requirement[one.code])
            for one in rules.requirements
        ),
        *(
            Measure(
                "level",
                str(one.level),
                one.credits,
                sum(amount for level, amount in levels if level is not None and level >= one.level),
            )
            for one in rules.levels
        ),
        *([Measure("residency", "", rules.residency, resident)] if rules.residency else []),
    )


def academic_year(rules: RuleSet, day: date) -> int:
    """The year in which the academic year of a day begins."""
    return day.year if day.month >= rules.year_begins_in else day.year - 1


def _within_years(rules: RuleSet, chosen: Sequence[Credit]) -> dict[Key, int]:
    """How much of each credit is left under the most that counts of one year, in the order of preference."""
    if rules.most_a_year is None:
        return {credit.key: credit.amount for credit in chosen}
    used: dict[int, int] = defaultdict(int)
    usable = {}
    for credit in sorted(chosen, key=lambda credit: preference(rules, credit)):
        year = academic_year(rules, credit.earned_on)
        usable[credit.key] = min(credit.amount, rules.most_a_year - used[year])
        used[year] += usable[credit.key]
    return usable


def _weights(rules: RuleSet) -> list[tuple[int, ...]]:
    """How dear it is to count a credit below each level: first all alike, then each in its turn dearer."""
    alike = tuple(1 for _ in rules.levels)
    if len(rules.levels) < 2:
        return [alike]
    return [alike] + [
        tuple(4**times if place == dear else 1 for place in range(len(alike)))
        for times in range(1, _ROUNDS)
        for dear in range(len(alike))
    ]


def _leftovers(
    rules: RuleSet,
    fit: Sequence[Credit],
    chosen: Sequence[Credit],
    usable: dict[Key, int],
    counted: Counted,
) -> list[LeftOut]:
    """What could have counted and does not, part by part."""
    used: dict[Key, int] = defaultdict(int)
    for one in counted.allocations:
        used[one.key] += one.amount
    is_chosen = {credit.key for credit in chosen}
    found = []
    for credit in fit:
        if credit.key not in is_chosen:
            found.append(LeftOut(credit, credit.amount, "equivalent_counted"))
            continue
        rest = usable[credit.key] - used[credit.key]
        if rest:
            found.append(LeftOut(credit, rest, counted.why_not(rules, credit)))
        if beyond := credit.amount - usable[credit.key]:
            found.append(LeftOut(credit, beyond, "year_cap"))
    return found
