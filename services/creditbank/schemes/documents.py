"""Schemes as a file describes them, for the operator's command."""

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, model_validator

from libs.common.fields import Key, Line
from services.creditbank.ledger.rules import AMOUNT_PATTERN, hundredths
from services.creditbank.schemes.rules import Rounding

Amount = Annotated[str, Field(pattern=AMOUNT_PATTERN)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Words(_Strict):
    """A name in both languages."""

    en: Line
    zh: Line


class Grade(_Strict):
    """One grade; points are those of an average, where the scale has them."""

    grade: Annotated[Key, Field(max_length=50)]
    passes: bool
    points: Amount | None = None


class GradingScaleDocument(_Strict):
    """Grades, best first. A version stays as it is; other grades are another version."""

    code: Key
    version: int = Field(ge=1, le=10_000)
    title: Words
    grades: Annotated[list[Grade], Field(min_length=1, max_length=200)]

    @model_validator(mode="after")
    def name_each_once(self) -> Self:
        """Each grade is named once, and none that passes stands below one that does not."""
        if len({one.grade for one in self.grades}) < len(self.grades):
            raise ValueError("a grade is named twice")
        if [one.passes for one in self.grades] != sorted((one.passes for one in self.grades), reverse=True):
            raise ValueError("grades go from the best to the worst")
        return self


class SchemeDocument(_Strict):
    """A kind of credit."""

    code: Key
    title: Words
    unit: Words
    hours_per_credit: Amount | None = None
    credits_per_year: Amount | None = None
    rounding: Rounding = "down"
    valid_months: Annotated[int, Field(ge=1, le=1200)] | None = None
    level_framework: Line | None = None
    levels: Annotated[list[Line], Field(max_length=50)] = []
    grading_scales: Annotated[list[GradingScaleDocument], Field(max_length=50)] = []

    @model_validator(mode="after")
    def be_worth_something(self) -> Self:
        """What one credit takes, and a year's, is more than nothing."""
        if any(
            one is not None and not hundredths(one) for one in (self.hours_per_credit, self.credits_per_year)
        ):
            raise ValueError("hours and credits are more than 0")
        return self


FILE = TypeAdapter(Annotated[list[SchemeDocument], Field(min_length=1, max_length=100)])
