"""Answers of summaries."""

from uuid import UUID

from pydantic import BaseModel, Field


class OfMonth(BaseModel):
    """What happened in a month in UTC."""

    month: str = Field(examples=["2026-11"])
    statements: int


class OfKind(BaseModel):
    """What was done in one way, or belongs to one subject: an IRI, and names by language where there are."""

    id: str
    name: dict[str, str] | None
    statements: int


class Summary(BaseModel):
    """What a learner did, at all organisations; voided statements are not counted."""

    learner: UUID
    statements: int
    months: list[OfMonth] = Field(description="the newest first, 120 at most")
    kinds: list[OfKind] = Field(description="verbs, the commonest first, 50 at most")
    subjects: list[OfKind] = Field(
        description="what statements are grouped under, or their parent; the commonest first, 50 at most"
    )
