"""Bodies and answers of awards."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from libs.common.fields import Key, Line
from services.creditbank.institutions.schemas import NamedInstitution
from services.creditbank.programmes.documents import Title
from services.creditbank.programmes.schemas import LotNumber


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class AwardBody(_Strict):
    """Which award is asked for, and with which credits; with all that count unless some are named."""

    programme: UUID
    key: Key = Field(description="sent again it has no second effect")
    lots: list[LotNumber] | None = Field(default=None, min_length=1, max_length=500)


class DecisionBody(_Strict):
    """What was decided."""

    decision: Literal["approve", "reject"]
    reason: Line | None = None


class RescissionBody(_Strict):
    """Why an award should be taken back."""

    reason: Line


class Programme(BaseModel):
    """The version of the rules it is granted by."""

    id: UUID
    code: str
    version: int
    title: Title


class AwardLot(BaseModel):
    """A part of a lot and what it counts for."""

    lot: int
    course: UUID
    requirement: str
    credits: str


class AwardAnswer(BaseModel):
    """An award."""

    id: UUID
    learner: UUID
    institution: NamedInstitution
    programme: Programme
    scheme: str
    state: Literal["requested", "lapsed", "certified", "refused", "withdrawn", "rescinding", "rescinded"]
    held_until: datetime = Field(description="until when credits are set aside for the decision")
    requested_at: datetime
    decided_at: datetime | None
    reason: str | None
    rescission_at: datetime | None
    rescission_reason: str | None
    rescinded_at: datetime | None
    lots: list[AwardLot]
    entries: list[UUID] | None = Field(description="that spent the credits; null before it is granted")
