"""Answers of the institution routes."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from libs.common.fields import Line
from services.creditbank.institutions.rules import NEEDS_REASON, Act, Standing


class NamedInstitution(BaseModel):
    """An institution; the name is null while the bank has not heard of it."""

    id: UUID
    name: str | None


class SchemeTotal(BaseModel):
    """What was issued in one scheme."""

    scheme: str
    entries: int
    credits: str


class Totals(BaseModel):
    """What an institution issued."""

    institution: UUID
    name: str
    totals: list[SchemeTotal]


class InstitutionAnswer(BaseModel):
    """An institution as the bank knows it. Only a registered one posts; what it posted stays valid."""

    id: UUID
    name: str
    type: str
    status: Literal["active", "closed"] = Field(description="of the organisation itself")
    standing: Standing = Field(description="in the bank")


class StandingChanged(BaseModel):
    """One change of a standing."""

    act: Act
    standing: Standing = Field(description="from then on")
    by: UUID
    reason: str | None
    at: datetime


class InstitutionStanding(InstitutionAnswer):
    """An institution with the changes of its standing, newest first."""

    changes: list[StandingChanged]


class StandingAct(BaseModel):
    """A step in an institution's standing. Refusing and suspending give their reason."""

    model_config = ConfigDict(extra="forbid")

    act: Act
    reason: Line | None = None

    @model_validator(mode="after")
    def say_why(self) -> "StandingAct":
        if self.act in NEEDS_REASON and self.reason is None:
            raise PydanticCustomError("reason_needed", "needs a reason")
        return self
