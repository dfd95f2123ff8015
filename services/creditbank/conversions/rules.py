"""When credits of one scheme become credits of another, and how many: the terms of a rule or agreement.

Amounts are whole hundredths. Nothing here asks for the time or the database: the same terms, credits and day
give the same answer for ever, so a decision can be judged again from what it stored.
"""

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Final
from uuid import UUID

#: a ratio is two whole numbers of at most this
LARGEST_RATIO_TERM: Final = 10_000
MOST_MONTHS: Final = 1_200
#: nothing becomes more than so many times itself: the largest lot then fits what the books can hold
LARGEST_RATIO: Final = 1_000


@dataclass(frozen=True, slots=True)
class Bar:
    """What a result must reach: a grade, by a scale from the lowest to the highest, and not too long ago."""

    minimum_grade: str | None = None
    grades: tuple[str, ...] = ()
    maximum_age_months: int | None = None


NO_BAR: Final = Bar()


@dataclass(frozen=True, slots=True)
class Terms:
    """`target = source x numerator / denominator`, in whole steps of `step` hundredths.

    `most` limits what one learner may convert under all versions of the rule, in the source's hundredths.
    Without `issuers` the credits of every institution are taken.
    """

    numerator: int
    denominator: int
    step: int = 1
    most: int | None = None
    issuers: frozenset[UUID] | None = None
    outcomes: frozenset[UUID] | None = None
    bar: Bar = NO_BAR


@dataclass(frozen=True, slots=True)
class Converted:
    """What parts become, one amount for each. `remainder` is what the steps cannot express.

    `taken x numerator = issued x denominator + remainder`, and the remainder is less than one step.
    """

    taken: int
    issued: tuple[int, ...]
    remainder: int


def reaches(bar: Bar, grade: str | None) -> bool | None:
    """Whether a grade is good enough; None if it cannot be compared with the one that is needed.

    Places in the scale decide; two numbers are compared as numbers.
    """
    if bar.minimum_grade is None:
        return True
    if grade is None:
        return None
    if grade in bar.grades and bar.minimum_grade in bar.grades:
        return bar.grades.index(grade) >= bar.grades.index(bar.minimum_grade)
    have, need = _number(grade), _number(bar.minimum_grade)
    return None if have is None or need is None else have >= need


def _number(text: str) -> Decimal | None:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def months_later(day: date, months: int) -> date:
    """The same day some months on, or the last day of a month that is too short for it."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if year > date.max.year:
        return date.max
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def below_the_bar(bar: Bar, grade: str | None, earned_on: date, today: date) -> str | None:
    """The reason why a result is not good enough today, or None."""
    if bar.maximum_age_months is not None and months_later(earned_on, bar.maximum_age_months) < today:
        return "too_old"
    good = reaches(bar, grade)
    if good is None:
        return "grade_not_comparable"
    return None if good else "grade_too_low"


def refusal(
    terms: Terms, *, issuer: UUID, outcome: UUID, grade: str | None, earned_on: date, today: date
) -> str | None:
    """Why credits are not converted under these terms, or None."""
    if terms.issuers is not None and issuer not in terms.issuers:
        return "issuer_not_covered"
    if terms.outcomes is not None and outcome not in terms.outcomes:
        return "outcome_not_covered"
    return below_the_bar(terms.bar, grade, earned_on, today)


def convert(terms: Terms, amounts: Sequence[int]) -> Converted:
    """What amounts become together: rounded down once for all of them, not once for each.

    Each gets what all up to it come to, less what those before it came to; the last ones make good what was
    too small to show in the first, and no amount is off its exact worth by a step or more.
    """
    issued = []
    given = taken = 0
    unit = terms.denominator * terms.step
    for amount in amounts:
        taken += amount
        reached = taken * terms.numerator // unit * terms.step
        issued.append(reached - given)
        given = reached
    return Converted(taken, tuple(issued), taken * terms.numerator - given * terms.denominator)


def faults(terms: Terms) -> list[str]:
    """What makes terms unusable, by the name of the member that is wrong."""
    found = []
    for name, value in (("numerator", terms.numerator), ("denominator", terms.denominator)):
        if not 0 < value <= LARGEST_RATIO_TERM:
            found.append(name)
    if not found and terms.numerator > LARGEST_RATIO * terms.denominator:
        found.append("numerator")
    if terms.step < 1:
        found.append("step")
    if terms.most is not None and terms.most < 1:
        found.append("most")
    return found + bar_faults(terms.bar)


def bar_faults(bar: Bar) -> list[str]:
    """What makes a bar unusable, by the name of the member that is wrong."""
    found = []
    if len(set(bar.grades)) != len(bar.grades):
        found.append("grades")
    if bar.minimum_grade is not None and reaches(bar, bar.minimum_grade) is None:
        found.append("minimum_grade")
    if bar.maximum_age_months is not None and not 0 < bar.maximum_age_months <= MOST_MONTHS:
        found.append("maximum_age_months")
    return found
