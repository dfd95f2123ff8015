"""Answers of the scheme routes."""

from pydantic import BaseModel, Field


class SchemeAnswer(BaseModel):
    """A kind of credit."""

    code: str
    title: str = Field(description="in the language asked for")
    decimals: int


class Schemes(BaseModel):
    """All schemes; there are few."""

    items: list[SchemeAnswer]
