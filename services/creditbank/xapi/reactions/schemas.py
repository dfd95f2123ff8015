"""Answers of the routes of reactions."""

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.creditbank.programmes.documents import Title

Status = Literal["active", "paused"]
State = Literal["posted", "refused", "waiting"]
Reason = Literal[
    "learner_unknown",
    "course_unknown",
    "attempt_already_posted",
    "learner_moved",
    "earned_in_future",
    "earned_too_early",
    "key_conflict",
    "own_rule",
]


class ReactionChange(BaseModel):
    """What somebody did to a rule that reacts."""

    act: Literal["paused", "resumed", "tried again"]
    by: UUID
    at: datetime


class ClaimCounts(BaseModel):
    """Claims by state, and of how many a statement was voided since."""

    posted: int
    refused: int
    waiting: int
    voided: int


class Reaction(BaseModel):
    """An approved version of a rule, and how far it is. Counts and changes are those of all versions."""

    rule: UUID
    institution: UUID
    code: str
    version: int
    title: Title
    status: Status
    effective_from: date
    effective_until: date | None
    looked_through: datetime = Field(description="what was stored until then it has looked at")
    unknown: int = Field(description="statements that meet a condition, of whom nobody knows yet")
    claims: ClaimCounts
    changes: list[ReactionChange]


class ReactionStatus(BaseModel):
    """Whether a rule acts."""

    model_config = ConfigDict(extra="forbid")

    status: Status


class NamedRule(BaseModel):
    """The version of a rule."""

    id: UUID
    code: str
    version: int
    title: Title


class Evidence(BaseModel):
    """The statement by which a condition, counted from 0, is met."""

    condition: int
    statement: UUID
    digest: str = Field(description="SHA-256 of the statement as it was stored, in hexadecimal digits")
    stored: datetime
    voided: bool | None = Field(description="null: the statement is not there any more")


class Shown(Evidence):
    """The same with the statement itself, as it is stored."""

    content: dict[str, Any] | None


class Claim(BaseModel):
    """Credits claimed for a learner by a rule, what became of them, and by which statements."""

    id: UUID
    institution: UUID
    rule: NamedRule
    learner: UUID
    state: State = Field(description="waiting: until the learner is known where the institution is")
    reason: Reason | None
    entry: UUID | None = Field(description="of what was posted, or what stands in the way")
    deposit: UUID | None
    scheme: str
    course: UUID
    credits: str
    grade: str | None
    earned_on: date
    made_at: datetime
    voided_at: datetime | None = Field(
        description="when it was seen that a statement is voided; only a correction takes credits back"
    )
    trying_again: bool
    evidence: list[Evidence]


class ShownClaim(Claim):
    """The same for the learner, with the statements themselves."""

    evidence: list[Shown]  # type: ignore[assignment]  # of more


class TrialCounts(BaseModel):
    """Claims by what would become of them."""

    posted: int
    refused: int
    waiting: int


class TrialAnswer(BaseModel):
    """What a version would do with what is stored; nothing was done."""

    complete: bool = Field(description="false: there is more than a trial looks at")
    looked_at: int = Field(description="statements with verb and activity of a condition")
    unknown: int = Field(description="statements that meet a condition, of whom nobody knows yet")
    claims: TrialCounts
    items: list[Claim] = Field(description="the first 200; ids are of this answer only")
