"""Answers about exports of records."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field


class RecordKeys(BaseModel):
    """The keys that sign exports of records, as C2SP signed-note writes verifier keys."""

    keys: list[str]


class Import(BaseModel):
    """An export that a learner brought from elsewhere."""

    id: UUID
    address: str = Field(description="the bank that made it, as the export says")
    signed_by: str | None = Field(description="the known key that signed it; null: unverified")
    exported_at: str
    statements: int
    refused: int
    credits: int = Field(description="entries of other books: shown, and no credits here")
    documents: int = Field(description="activity state and profiles of agents that are in use of this import")
    begun_at: datetime
    ended_at: datetime | None


class LeftOut(BaseModel):
    """What of an export is not taken in."""

    voided: int
    others: int = Field(description="statements and documents about none of the learner's agents")


class RefusedLine(BaseModel):
    """A statement or document that is not valid: its line, and what is wrong where, against which clause."""

    line: int
    id: str | None
    path: str
    clause: str
    message: str


class ImportDone(Import):
    """An import that has ended, with what was left out and the first twenty refusals."""

    left_out: LeftOut
    refusals: list[RefusedLine]


class CreditFromElsewhere(BaseModel):
    """An entry of another bank's books, as it was committed to there."""

    scheme: str
    document: dict[str, Any]
    commitment: str
    # `import` cannot be the name of an attribute
    brought: UUID = Field(alias="import")
    address: str
    signed_by: str | None
