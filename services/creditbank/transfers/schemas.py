"""Bodies and answers of transfers."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from libs.common.fields import Key, Line
from services.creditbank.conversions.documents import Amount
from services.creditbank.institutions.schemas import NamedInstitution
from services.creditbank.ledger.rules import hundredths
from services.creditbank.outcomes.schemas import NamedCourse
from services.creditbank.programmes.schemas import LotNumber
from services.creditbank.schemes.rules import DEFAULT_SCHEME
from services.creditbank.transfers.service import Asked, Decided


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class AskedLot(_Strict):
    """A lot, by the number of the entry that issued it, and how much of it; all that is free unless said."""

    scheme: Key = DEFAULT_SCHEME
    lot: LotNumber
    credits: Amount | None = None

    @model_validator(mode="after")
    def something(self) -> "AskedLot":
        if self.credits is not None and not hundredths(self.credits):
            raise PydanticCustomError("greater_than", "must be greater than 0", {"gt": 0})
        return self


class TransferBody(_Strict):
    """Which credits an institution is asked to count."""

    institution: UUID
    key: Key = Field(description="sent again it has no second effect")
    lots: list[AskedLot] = Field(min_length=1, max_length=200)
    note: Line | None = None

    @model_validator(mode="after")
    def once_each(self) -> "TransferBody":
        if len({(one.scheme, one.lot) for one in self.lots}) != len(self.lots):
            raise PydanticCustomError("repeated", "names a lot twice")
        return self

    def asked(self) -> list[Asked]:
        return [
            Asked(one.scheme, one.lot, None if one.credits is None else hundredths(one.credits))
            for one in self.lots
        ]


class DecidedLot(_Strict):
    """The word on one lot. What is accepted may count as a course of the institution's own."""

    scheme: Key = DEFAULT_SCHEME
    lot: LotNumber
    decision: Literal["accept", "refuse"]
    credits: Annotated[
        Amount | None, Field(description="how much counts; all that was asked unless said")
    ] = None
    counts_as: UUID | None = None
    reason: Line | None = Field(default=None, description="needed for a refusal")

    @model_validator(mode="after")
    def consistent(self) -> "DecidedLot":
        if self.decision == "refuse" and self.reason is None:
            raise PydanticCustomError("reason_needed", "needs a reason")
        if self.decision == "refuse" and (self.credits or self.counts_as):
            raise PydanticCustomError("contradictory", "a refusal has neither credits nor course")
        if self.credits is not None and not hundredths(self.credits):
            raise PydanticCustomError("greater_than", "must be greater than 0", {"gt": 0})
        return self


class TransferDecisionBody(_Strict):
    """The word on every lot of the request."""

    lots: list[DecidedLot] = Field(min_length=1, max_length=200)

    def decisions(self) -> list[Decided]:
        return [
            Decided(
                one.scheme,
                one.lot,
                0 if one.decision == "refuse" else None if one.credits is None else hundredths(one.credits),
                one.counts_as,
                one.reason,
            )
            for one in self.lots
        ]


class TransferLot(BaseModel):
    """A lot and the word on it; `accepted` is null while there is none."""

    scheme: str
    lot: int
    credits: str
    issuer: NamedInstitution
    course: NamedCourse
    grade: str | None
    earned_on: date
    accepted: str | None
    counts_as: UUID | None
    reason: str | None


class TransferAnswer(BaseModel):
    """A request to count credits."""

    id: UUID
    learner: UUID
    institution: NamedInstitution
    state: Literal["requested", "decided", "withdrawn"]
    note: str | None
    requested_at: datetime
    decided_at: datetime | None
    lots: list[TransferLot]
