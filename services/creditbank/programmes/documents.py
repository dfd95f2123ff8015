"""A programme's rules as they are written and stored: JSON, amounts as decimal text."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from libs.common.fields import Key, Line
from libs.common.languages import Text
from services.creditbank.conversions.documents import Amount, BarDocument
from services.creditbank.ledger.rules import hundredths
from services.creditbank.programmes.rules import (
    MOST_REQUIREMENTS,
    Accepts,
    Course,
    LevelMinimum,
    Requirement,
    RuleSet,
)

_Level = Annotated[int, Field(ge=0, le=20, strict=True)]
_Code = Annotated[Key, Field(max_length=50)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Title(_Strict):
    """A title in both languages."""

    en: Line
    zh: Line


class CourseDocument(_Strict):
    """What a course is within the programme."""

    course: UUID
    category: _Code | None = None
    level: _Level | None = None


class RequirementDocument(_Strict):
    """At least `credits` and at most `most` of what it covers; of everything when neither is named."""

    code: _Code
    title: Title
    credits: Amount = "0.00"
    most: Amount | None = None
    categories: list[_Code] | None = Field(default=None, min_length=1, max_length=50)
    courses: list[UUID] | None = Field(default=None, min_length=1, max_length=500)
    level: _Level | None = Field(default=None, description="only courses of this level or above")


class LevelDocument(_Strict):
    """At least so many of the credits counted are at the level or above."""

    level: _Level
    credits: Amount


class ProgrammeDocument(_Strict):
    """The rules of a programme."""

    kind: Literal["programme"]
    total: Amount = Field(description="as many credits are counted, never more")
    courses: list[CourseDocument] = Field(default=[], max_length=2_000)
    requirements: list[RequirementDocument] = Field(min_length=1, max_length=MOST_REQUIREMENTS)
    levels: list[LevelDocument] = Field(default=[], max_length=10)
    residency: Amount = Field(default="0.00", description="the least the institution itself must have taught")
    residency_percent: Annotated[int, Field(ge=0, le=100, strict=True)] = Field(
        default=0, description="the same as a share of the total; the larger of the two is asked for"
    )
    most_of_a_provider: Amount | None = None
    most_recognised: Amount | None = Field(default=None, description="of prior learning")
    most_a_year: Amount | None = None
    year_begins_in: Annotated[int, Field(ge=1, le=12, strict=True)] = 1
    accepts: Accepts = Field(
        default="transferred", description="own credits only, also those accepted by transfer, or everybody's"
    )
    bar: BarDocument = BarDocument()
    repeatable: list[UUID] = Field(default=[], max_length=500, description="courses that count each time")

    def rule_set(self) -> RuleSet:
        total = hundredths(self.total)
        return RuleSet(
            total=total,
            courses={one.course: Course(one.category, one.level) for one in self.courses},
            requirements=tuple(
                Requirement(
                    one.code,
                    Text(one.title.en, one.title.zh),
                    hundredths(one.credits),
                    _amount(one.most),
                    frozenset(one.categories) if one.categories else None,
                    frozenset(one.courses) if one.courses else None,
                    one.level,
                )
                for one in self.requirements
            ),
            levels=tuple(LevelMinimum(one.level, hundredths(one.credits)) for one in self.levels),
            residency=max(hundredths(self.residency), -(-total * self.residency_percent // 100)),
            most_of_a_provider=_amount(self.most_of_a_provider),
            most_recognised=_amount(self.most_recognised),
            most_a_year=_amount(self.most_a_year),
            year_begins_in=self.year_begins_in,
            accepts=self.accepts,
            bar=self.bar.bar(),
            repeatable=frozenset(self.repeatable),
        )


def _amount(text: str | None) -> int | None:
    return None if text is None else hundredths(text)
