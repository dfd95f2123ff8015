"""Answers of the learner routes."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, Field


class SourceState(BaseModel):
    """What is known of the neighbour whose events these figures come from."""

    as_of: datetime | None = Field(description="everything recorded there up to this time is counted")
    current: bool = Field(description="whether that is recent; false while it cannot be reached")


class Sources(BaseModel):
    """The neighbours these figures come from."""

    auth: SourceState


class Coverage(BaseModel):
    """How far the bank has followed the rosters of an organisation and all below it."""

    organisation: UUID
    people: int = Field(description="people known who hold or held a role there")
    accounts: int = Field(description="those of them who have an account")
    students: int = Field(description="people who are students there now")
    students_with_account: int
    complete: bool = Field(description="the news is recent, and every student has an account")
    sources: Sources
