"""Bodies and answers of the correction routes."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from libs.common.fields import Key, Line
from services.creditbank.corrections.service import Replacement as Columns
from services.creditbank.deposits.schemas import Reference
from services.creditbank.ledger.rules import AMOUNT_PATTERN, LARGEST_AMOUNT, hundredths


def _text(value: object) -> object:
    """A date is written as text: a number of seconds is none."""
    if not isinstance(value, str):
        raise PydanticCustomError("date_type", "must be a date, YYYY-MM-DD")
    return value


State = Literal["requested", "approved", "rejected", "withdrawn"]


class Replacement(BaseModel):
    """What takes the place of the deposit: all of it, not only what differs."""

    model_config = ConfigDict(extra="forbid")

    course: Reference
    attempt: Key | None = None
    credits: Annotated[str, Field(pattern=AMOUNT_PATTERN)]
    grade: Annotated[Key, Field(max_length=50)] | None = None
    earned_on: Annotated[date, BeforeValidator(_text)]

    @model_validator(mode="after")
    def within_limits(self) -> "Replacement":
        if not hundredths(self.credits):
            raise PydanticCustomError("greater_than", "must be greater than 0", {"gt": 0})
        if hundredths(self.credits) > LARGEST_AMOUNT:
            raise PydanticCustomError("less_than_equal", "at most 10000", {"le": "10000.00"})
        return self

    def columns(self) -> Columns:
        return (
            hundredths(self.credits),
            self.earned_on,
            self.course.id,
            self.course.sourced_id,
            self.attempt,
            self.grade,
        )


class CorrectionBody(BaseModel):
    """A correction to ask for; without a replacement the deposit is revoked."""

    model_config = ConfigDict(extra="forbid")

    reason: Line
    replacement: Replacement | None = None


class ReversalBody(BaseModel):
    """Why a conversion is to be taken back."""

    model_config = ConfigDict(extra="forbid")

    reason: Line


class CorrectionDecision(BaseModel):
    """What is decided; a rejection gives its reason. Whoever asked may only withdraw."""

    model_config = ConfigDict(extra="forbid")

    decision: Literal["approved", "rejected", "withdrawn"]
    reason: Line | None = None

    @model_validator(mode="after")
    def say_why(self) -> "CorrectionDecision":
        if self.decision == "rejected" and self.reason is None:
            raise PydanticCustomError("reason_needed", "needs a reason")
        return self


class ReplacementAsked(BaseModel):
    """What was asked for in the deposit's place; the course as it was named."""

    course_id: UUID | None
    course_sourced_id: str | None
    attempt: str | None
    credits: str
    grade: str | None
    earned_on: date


class Correction(BaseModel):
    """A correction, how far it is and what came of it."""

    id: UUID
    institution: UUID
    deposit: UUID = Field(description="the batch of the entry")
    entry: UUID
    kind: Literal["deposit", "arrival", "conversion"] = Field(description="of the entry")
    learner: UUID
    scheme: str
    state: State
    reason: str
    replacement: ReplacementAsked | None
    requested_by: UUID
    requested_at: datetime
    decided_by: UUID | None
    decided_at: datetime | None
    decision_reason: str | None
    revocation: UUID | None = Field(description="the entry that took it back")
    replaced_by: UUID | None = Field(description="the entry that stands in its place")
