"""Bodies of the deposit routes."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from libs.common.fields import Key
from services.creditbank.deposits.rules import MOST_ITEMS
from services.creditbank.ledger.rules import AMOUNT_PATTERN, LARGEST_AMOUNT, hundredths
from services.creditbank.schemes.rules import DEFAULT_SCHEME


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Reference(_Strict):
    """Named by the product's id, or by the id its roster gave it: exactly one of the two."""

    id: UUID | None = None
    sourced_id: Key | None = None

    @model_validator(mode="after")
    def exactly_one(self) -> "Reference":
        if (self.id is None) == (self.sourced_id is None):
            raise ValueError("give id or sourced_id, not both")
        return self


class DepositItem(_Strict):
    """Credits of one learner for one course."""

    key: Key = Field(description="the institution's own key of this item; sent again it has no second effect")
    learner: Reference
    course: Reference
    attempt: Key | None = Field(
        default=None, description="the institution's name of this attempt: at most one live posting has it"
    )
    credits: Annotated[
        str,
        Field(pattern=AMOUNT_PATTERN, description="decimal text with at most two places", examples=["1.00"]),
    ]
    grade: Annotated[Key, Field(max_length=50)] | None = None
    earned_on: Annotated[date, Field(ge=date(1900, 1, 1), strict=True)]

    @model_validator(mode="after")
    def within_limits(self) -> "DepositItem":
        if not 0 < hundredths(self.credits) <= LARGEST_AMOUNT:
            raise ValueError("more than 0 and at most 10000.00 credits")
        return self


class DepositBody(_Strict):
    """Credits to post. Without `institution` they are the client's own organisation's."""

    scheme: Key = DEFAULT_SCHEME
    institution: UUID | None = None
    items: Annotated[list[DepositItem], Field(min_length=1, max_length=MOST_ITEMS)]


class ItemAnswer(BaseModel):
    """What became of one item. `entry` is absent when no entry stands for it, `reason` when not refused."""

    key: str
    outcome: Literal["posted", "replayed", "conflict", "refused"]
    entry: UUID | None = None
    reason: (
        Literal[
            "learner_unknown",
            "learner_ambiguous",
            "course_unknown",
            "course_ambiguous",
            "attempt_already_posted",
            "earned_in_future",
        ]
        | None
    ) = None


class DepositAnswer(BaseModel):
    """What became of each item, in the order sent, and how many fared how."""

    batch: UUID
    posted: int
    replayed: int
    conflicts: int
    refused: int
    items: list[ItemAnswer]


class PostedEntry(BaseModel):
    """One entry of a batch."""

    id: UUID
    learner: UUID
    course: UUID
    attempt: str | None
    credits: str
    grade: str | None
    earned_on: date
    sequence: int
    commitment: str


class Batch(BaseModel):
    """One call to post, as it was answered, with the entries it made."""

    id: UUID
    institution: UUID
    scheme: str
    recorded_at: datetime
    posted: int
    replayed: int
    conflicts: int
    refused: int
    credits: str
    entries: list[PostedEntry]
