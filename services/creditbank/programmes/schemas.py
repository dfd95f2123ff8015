"""Body and answer of a degree audit."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from libs.common.fields import Key
from libs.common.languages import Language
from services.creditbank.conversions.documents import Amount
from services.creditbank.ledger.rules import credits_text, hundredths
from services.creditbank.programmes.degree_audit import LeftOut
from services.creditbank.programmes.explaining import explain_left_out, explain_unmet
from services.creditbank.programmes.rules import Credit
from services.creditbank.programmes.service import PLANNED_BOOK, Judged, Planned

LotNumber = Annotated[int, Field(ge=1, le=2**31 - 1, strict=True)]


class PlannedCourse(BaseModel):
    """A course not taken yet, as if its credits were there."""

    model_config = ConfigDict(extra="forbid")

    course: UUID
    credits: Amount
    grade: Annotated[Key, Field(max_length=50)] | None = None

    @model_validator(mode="after")
    def something(self) -> "PlannedCourse":
        if not hundredths(self.credits):
            raise PydanticCustomError("greater_than", "must be greater than 0", {"gt": 0})
        return self


class AuditBody(BaseModel):
    """What to audit; with nothing given, all credits of the caller."""

    model_config = ConfigDict(extra="forbid")

    lots: list[LotNumber] | None = Field(
        default=None, min_length=1, max_length=500, description="only these, by the numbers of their entries"
    )
    planned: list[PlannedCourse] = Field(default=[], max_length=100)

    def planned_courses(self) -> list[Planned]:
        return [Planned(one.course, hundredths(one.credits), one.grade) for one in self.planned]


class MeasureAnswer(BaseModel):
    """One rule and what counts towards it."""

    rule: Literal["total", "requirement", "level", "residency"]
    code: str = Field(description="the requirement's code, or the level")
    needed: str
    counted: str
    missing: str
    explanation: str | None = Field(description="in the language asked for; null when the rule is met")


class CountedAnswer(BaseModel):
    """A part of a lot that counts. `lot` is null for planned credits."""

    lot: int | None
    course: UUID
    requirement: str
    credits: str


class LeftOutAnswer(BaseModel):
    """A part of a lot that does not count, and why."""

    lot: int | None
    course: UUID
    credits: str
    reason: str
    explanation: str


class AuditAnswer(BaseModel):
    """What the credits come to under the programme's rules today."""

    programme: UUID
    as_of: date
    met: bool
    needed: str
    counted: str
    measures: list[MeasureAnswer]
    counting: list[CountedAnswer]
    not_counting: list[LeftOutAnswer]

    @classmethod
    def of(cls, judged: Judged, language: Language) -> "AuditAnswer":
        """The audit in one language."""
        by_key = {one.key: one for one in judged.credits}
        return cls(
            programme=judged.rule.id,
            as_of=judged.day,
            met=judged.audit.is_met,
            needed=credits_text(judged.rules.total),
            counted=credits_text(judged.audit.counted),
            measures=[
                MeasureAnswer(
                    rule=one.rule,
                    code=one.code,
                    needed=credits_text(one.needed),
                    counted=credits_text(one.counted),
                    missing=credits_text(one.missing),
                    explanation=explain_unmet(judged.rules, one).in_language(language)
                    if one.missing
                    else None,
                )
                for one in judged.audit.measures
            ],
            counting=[
                CountedAnswer(
                    lot=_lot(by_key[one.key]),
                    course=by_key[one.key].outcome,
                    requirement=one.requirement,
                    credits=credits_text(one.amount),
                )
                for one in judged.audit.allocations
            ],
            not_counting=[_left_out(judged, one, language) for one in judged.audit.left_out],
        )


def _left_out(judged: Judged, left: LeftOut, language: Language) -> LeftOutAnswer:
    return LeftOutAnswer(
        lot=_lot(left.credit),
        course=left.credit.outcome,
        credits=credits_text(left.amount),
        reason=left.reason,
        explanation=explain_left_out(judged.rules, left).in_language(language),
    )


def _lot(credit: Credit) -> int | None:
    return None if credit.key[0] == PLANNED_BOOK else credit.key[1]
