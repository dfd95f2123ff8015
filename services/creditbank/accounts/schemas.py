"""Answers of the account routes."""

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel, Field


class OfInstitution(BaseModel):
    """What one institution issued to the learner in a scheme."""

    institution: UUID
    name: str | None
    lots: int
    issued: str
    available: str


class Account(BaseModel):
    """A learner's account in one scheme; amounts as decimal text."""

    scheme: str
    entries: int = Field(description="how many entries the account has: the sequence of the newest")
    provisional: str
    available: str
    held: str
    redeemed: str
    converted: str
    expired: str
    revoked: str
    head: str | None = Field(description="commitment of the newest entry, in hexadecimal digits")
    institutions: list[OfInstitution]


class Accounts(BaseModel):
    """All accounts of a learner."""

    learner: UUID
    accounts: list[Account]


class Institution(BaseModel):
    """Who issued the credits. The name is null while the bank has not heard of it."""

    id: UUID
    name: str | None


class Course(BaseModel):
    """What the credits are for. Title and code are null while the bank has not heard of it."""

    id: UUID
    title: str | None
    code: str | None


class Entry(BaseModel):
    """One line of a learner's account."""

    id: UUID
    sequence: int
    kind: str
    institution: Institution
    course: Course
    attempt: str | None
    credits: str
    grade: str | None
    earned_on: date
    recorded_at: datetime
    commitment: str
