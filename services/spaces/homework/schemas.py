"""Bodies of the homework interface."""

import hashlib
from datetime import datetime
from typing import Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from libs.common.fields import Block
from services.spaces.homework.rules import State
from services.spaces.posts.schemas import (
    AssignmentAnswer,
    LinkAnswer,
    Links,
    PersonReference,
    Points,
    SpaceReference,
)


class WorkInput(BaseModel):
    """What is handed in."""

    model_config = ConfigDict(extra="forbid")

    text: Block | None = None
    links: Links = []

    @model_validator(mode="after")
    def hand_something_in(self) -> Self:
        """Nothing is not work."""
        if self.text is None and not self.links:
            raise PydanticCustomError("nothing_handed_in", "must have a text or a link")
        return self

    def digest(self) -> bytes:
        """SHA-256 of the content: equal for equal work."""
        return hashlib.sha256(self.model_dump_json().encode()).digest()


class ReturnInput(BaseModel):
    """How work is given back."""

    model_config = ConfigDict(extra="forbid")

    attempt: UUID = Field(description="the newest attempt, which the teacher has looked at")
    mark: Points | None = Field(default=None, description="at most the homework's points")
    comment: Block | None = None


class ReturnAnswer(BaseModel):
    """An attempt given back."""

    id: UUID
    mark: str | None = Field(examples=["8.50"])
    comment: str | None
    teacher: PersonReference
    returned_at: datetime


class AttemptAnswer(BaseModel):
    """Work as it was handed in once, and how it was given back, the newest return last."""

    id: UUID
    number: int
    text: str | None
    links: list[LinkAnswer]
    handed_in_at: datetime
    late: bool = Field(description="decided when it was handed in, by the dates of then")
    returns: list[ReturnAnswer]


class WorkAnswer(BaseModel):
    """All a student handed in for one homework, the newest attempt last."""

    post: UUID
    student: PersonReference
    state: State
    attempts: list[AttemptAnswer]


class Standing(BaseModel):
    """How far work is: of the newest attempt, and its newest return."""

    state: State
    attempts: int
    handed_in_at: datetime | None
    late: bool | None
    mark: str | None
    returned_at: datetime | None


class StudentStanding(Standing):
    """How far one student is."""

    student: PersonReference


class HomeworkReference(BaseModel):
    """A post that is homework."""

    id: UUID
    title: str
    space: SpaceReference


class HomeworkStanding(Standing):
    """How far one is with one homework."""

    post: HomeworkReference
    assignment: AssignmentAnswer
