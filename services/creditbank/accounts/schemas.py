"""Answers of the account routes."""

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel, Field

from services.creditbank.institutions.schemas import NamedInstitution
from services.creditbank.learners.rules import Consent
from services.creditbank.outcomes.schemas import NamedCourse


class OfInstitution(BaseModel):
    """What one institution issued to the learner in a scheme."""

    institution: UUID
    name: str | None
    lots: int
    issued: str
    available: str


class MergedBook(BaseModel):
    """The book of a record that was merged into the learner's: kept as it was, with a chain of its own."""

    learner: UUID = Field(description="the id it was kept under; its commitments cover it")
    entries: int
    head: str | None


class Account(BaseModel):
    """A learner's account in one scheme, merged books included; amounts as decimal text."""

    scheme: str
    entries: int = Field(description="how many entries there are, in all books")
    provisional: str
    available: str
    held: str
    redeemed: str
    converted: str
    expired: str
    revoked: str
    moved: str = Field(description="what left with the learner for another bank node")
    head: str | None = Field(description="commitment of the own book's newest entry, in hexadecimal")
    merged: list[MergedBook] = Field(description="none, unless records of the learner were merged")
    institutions: list[OfInstitution] | None = Field(
        description="null where there are more than 1,000 entries: the balances as of a time tell it then"
    )


class Accounts(BaseModel):
    """All accounts of a learner."""

    learner: UUID = Field(description="of merged records the surviving one's id, by whichever one asks")
    consent: Consent | None = Field(description="a guardian's, for a child under 14; null: nobody known")
    home: str | None = Field(description="the bank node that keeps the accounts now; null: this one")
    frozen: bool = Field(description="whether nothing can be spent at present")
    accounts: list[Account]


class Movement(BaseModel):
    """So many credits came into a part of a lot, or left it where the amount is negative."""

    lot: int = Field(description="number of the entry that issued it")
    part: str
    credits: str


class BookLine(BaseModel):
    """What every reading of a book tells of an entry."""

    id: UUID
    sequence: int = Field(description="number within its book")
    learner: UUID = Field(description="whose book it is: of merged records the one it was posted to")
    kind: str
    institution: NamedInstitution | None
    course: NamedCourse | None
    attempt: str | None
    credits: str = Field(description="what it issued, spent, set aside or gave back")
    grade: str | None
    earned_on: date | None


class Entry(BookLine):
    """One line of a learner's account. What issued no lot has neither institution nor course."""

    expires_on: date | None
    effective_on: date
    batch: UUID = Field(description="what it was written by; of several entries the same")
    resolves: int | None = Field(description="number of the entry whose hold it ends")
    reverses: int | None = Field(description="number of the entry it takes back")
    reversed_by: int | None
    movements: list[Movement]
    recorded_at: datetime
    commitment: str
