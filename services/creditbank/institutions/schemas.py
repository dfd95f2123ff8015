"""Answers of the institution routes."""

from uuid import UUID

from pydantic import BaseModel


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
