"""Answers of the scheme routes."""

from pydantic import BaseModel, Field

from services.creditbank.schemes.documents import Grade
from services.creditbank.schemes.rules import Rounding


class GradingScaleAnswer(BaseModel):
    """Grades, best first, in one version."""

    code: str
    version: int
    title: str = Field(description="in the language asked for")
    grades: list[Grade]


class SchemeAnswer(BaseModel):
    """A kind of credit."""

    code: str
    title: str = Field(description="in the language asked for")
    decimals: int
    unit: str = Field(description="in the language asked for")
    hours_per_credit: str | None = Field(description="hours of work or instruction, decimal text")
    credits_per_year: str | None = Field(description="of full-time study, decimal text")
    rounding: Rounding = Field(description="how an amount converted into this scheme is rounded")
    valid_months: int | None = Field(description="so long after they were earned credits expire; null: never")
    level_framework: str | None
    levels: list[str] = Field(description="from the lowest to the highest")
    grading_scales: list[GradingScaleAnswer]


class Schemes(BaseModel):
    """All schemes; there are few."""

    items: list[SchemeAnswer]
