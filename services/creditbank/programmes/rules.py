"""What a programme asks of a learner, and the credits it is asked of. Amounts are whole hundredths."""

from collections.abc import Hashable
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal
from uuid import UUID

from libs.common.languages import Text
from services.creditbank.conversions.rules import NO_BAR, Bar, bar_faults

#: whose credits count: the awarding institution's own; also those it accepted by transfer; everybody's
Accepts = Literal["own", "transferred", "any"]
ACCEPTS: Final = ("own", "transferred", "any")
#: how a learner came by credits
Origin = Literal["deposit", "recognition", "conversion"]
#: what names a lot: the numbers of its book and of itself
Key = tuple[int, ...]
MOST_REQUIREMENTS: Final = 50


@dataclass(frozen=True, slots=True)
class Course:
    """What an outcome is within the programme."""

    category: str | None = None
    level: int | None = None


@dataclass(frozen=True, slots=True)
class Requirement:
    """At least `credits`, and at most `most`, of what it covers. A credit counts in one requirement only.

    It covers what is in one of the categories, or among the outcomes, or all when neither is named; and of
    that only what is at `level` or above.
    """

    code: str
    title: Text
    credits: int = 0
    most: int | None = None
    categories: frozenset[str] | None = None
    outcomes: frozenset[UUID] | None = None
    level: int | None = None

    def covers(self, outcome: UUID, course: Course) -> bool:
        if self.level is not None and (course.level is None or course.level < self.level):
            return False
        if self.categories is None and self.outcomes is None:
            return True
        return course.category in (self.categories or ()) or outcome in (self.outcomes or ())


@dataclass(frozen=True, slots=True)
class LevelMinimum:
    """At least so many of the credits counted are at the level or above."""

    level: int
    credits: int


@dataclass(frozen=True, slots=True)
class RuleSet:
    """One version of a programme's rules. `total` credits are counted, never more.

    `residency` is the least that the awarding institution itself, or a part of it, must have taught.
    """

    total: int
    courses: dict[UUID, Course]
    requirements: tuple[Requirement, ...]
    levels: tuple[LevelMinimum, ...] = ()
    residency: int = 0
    most_of_a_provider: int | None = None
    most_recognised: int | None = None
    most_a_year: int | None = None
    year_begins_in: int = 1
    accepts: Accepts = "transferred"
    bar: Bar = NO_BAR
    repeatable: frozenset[UUID] = frozenset()

    def course(self, outcome: UUID) -> Course:
        return self.courses.get(outcome, _UNKNOWN)


_UNKNOWN: Final = Course()


@dataclass(frozen=True, slots=True)
class Credit:
    """A lot's free part, as the awarding institution sees it.

    `attempt` is equal for lots that come from one and the same result: those count beside one another.
    `above` are the outcomes that count instead of this one. `is_own`: issued by the awarding institution or a
    part of it; `is_accepted`: it has agreed to count another's.
    """

    key: Key
    amount: int
    outcome: UUID
    issuer: UUID
    earned_on: date
    grade: str | None = None
    expires_on: date | None = None
    attempt: Hashable = None
    group: UUID | None = None
    above: frozenset[UUID] = frozenset()
    is_own: bool = True
    origin: Origin = "deposit"
    is_accepted: bool = False

    @property
    def is_resident(self) -> bool:
        """Taught by the awarding institution: what it recognised is its word, not its teaching."""
        return self.is_own and self.origin != "recognition"


@dataclass(frozen=True, slots=True)
class Allocation:
    """A part of a lot that counts towards a requirement."""

    key: Key
    requirement: str
    amount: int


def faults(rules: RuleSet) -> list[str]:
    """What makes a rule set unusable or impossible to meet, by the name of the member that is wrong."""
    found = []
    codes = [one.code for one in rules.requirements]
    if rules.total < 1:
        found.append("total")
    if not 1 <= len(codes) <= MOST_REQUIREMENTS or len(set(codes)) != len(codes):
        found.append("requirements")
    if sum(one.credits for one in rules.requirements) > rules.total:
        found.append("requirements.credits")
    if any(one.most is not None and one.most < max(1, one.credits) for one in rules.requirements):
        found.append("requirements.most")
    if (
        codes
        and all(one.most is not None for one in rules.requirements)
        and rules.total > sum(one.most or 0 for one in rules.requirements)
    ):
        found.append("requirements.most")
    known = {course.category for course in rules.courses.values()}
    if any(set(one.categories or ()) - known for one in rules.requirements):
        found.append("requirements.categories")
    if any(one.credits > rules.total for one in rules.levels):
        found.append("levels")
    if rules.residency > rules.total:
        found.append("residency")
    if not 1 <= rules.year_begins_in <= 12:
        found.append("year_begins_in")
    return list(dict.fromkeys(found + bar_faults(rules.bar)))
