"""Answers of who read a record."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, Field

from services.creditbank.xapi.readings.rules import ReaderKind, What


class Reader(BaseModel):
    """Who read. Names are those of credentials and subscriptions; of an operator there is no id."""

    kind: ReaderKind
    id: UUID | None
    name: str | None


class Store(BaseModel):
    """The organisation whose record store was read."""

    id: UUID
    name: str | None


class ReadBy(BaseModel):
    """How often somebody read in one way on one day in UTC."""

    day: date
    reader: Reader
    organisation: Store | None = Field(description="null where the whole record was read")
    what: What
    about: Literal["learner", "everybody"] = Field(
        description="everybody: all of the store, or what was asked for was not one agent"
    )
    times: int
    statements: int = Field(description="how many were read in all, of everybody where `about` says so")
    first_at: datetime
    last_at: datetime
