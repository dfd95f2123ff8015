"""Bodies and answers of recognition."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from libs.common.fields import Block, Key, Line
from services.creditbank.conversions.documents import Amount
from services.creditbank.institutions.schemas import NamedInstitution
from services.creditbank.ledger.rules import hundredths
from services.creditbank.recognition.rules import MOST_CLAIMS
from services.creditbank.recognition.service import Offer
from services.creditbank.schemes.rules import DEFAULT_SCHEME


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Claim(_Strict):
    """Something learnt, and how that can be seen."""

    title: Line
    evidence: Annotated[Block, Field(max_length=5_000)]


class RecognitionBody(_Strict):
    """What an institution is asked to recognise."""

    institution: UUID
    key: Key = Field(description="sent again it has no second effect")
    claims: list[Claim] = Field(min_length=1, max_length=MOST_CLAIMS)


class AssessedClaim(_Strict):
    """What a claim is worth: credits for a course of the institution, or nothing, for a reason."""

    number: Annotated[int, Field(ge=1, le=MOST_CLAIMS, strict=True)]
    course: UUID | None = None
    scheme: Key = DEFAULT_SCHEME
    credits: Amount | None = None
    grade: Annotated[Key, Field(max_length=50)] | None = None
    reason: Line | None = None

    @model_validator(mode="after")
    def consistent(self) -> "AssessedClaim":
        if (self.course is None) != (self.credits is None) or (self.course is None and self.reason is None):
            raise PydanticCustomError("contradictory", "course and credits, or a reason why there are none")
        if self.credits is not None and not hundredths(self.credits):
            raise PydanticCustomError("greater_than", "must be greater than 0", {"gt": 0})
        return self


class AssessmentBody(_Strict):
    """The worth of every claim."""

    claims: list[AssessedClaim] = Field(min_length=1, max_length=MOST_CLAIMS)

    def offers(self) -> list[Offer]:
        return [
            Offer(
                one.number,
                one.course,
                one.scheme,
                None if one.credits is None else hundredths(one.credits),
                one.grade,
                one.reason,
            )
            for one in self.claims
        ]


class DecisionBody(_Strict):
    """Whether the assessment is offered to the learner."""

    decision: Literal["approve", "reject"]
    reason: Line | None = None


class ClaimAnswer(BaseModel):
    """A claim, what is offered for it, and the lot it became."""

    number: int
    title: str
    evidence: str
    course: UUID | None
    scheme: str | None
    credits: str | None
    grade: str | None
    reason: str | None
    lot: int | None


class RecognitionAnswer(BaseModel):
    """A request to recognise what was learnt elsewhere."""

    id: UUID
    learner: UUID
    institution: NamedInstitution
    state: Literal["requested", "assessed", "offered", "posted", "rejected", "withdrawn"]
    requested_at: datetime
    assessed_at: datetime | None
    decided_at: datetime | None
    ended_at: datetime | None
    reason: str | None
    claims: list[ClaimAnswer]
