"""What this service publishes about homework. The words themselves are read here, with the rights here."""

from datetime import datetime
from typing import Final
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from services.spaces.spaces.events import ToldSpace

WORK_SUBMITTED: Final = "spaces.work.submitted.v1"
WORK_RETURNED: Final = "spaces.work.returned.v1"


class WorkSubmitted(BaseModel):
    """A student handed in work; `id` is the attempt's, `attempt` counts them from 1."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: UUID
    submission: UUID
    post: UUID
    title: str
    student: UUID
    attempt: int
    late: bool
    due_at: datetime | None
    handed_in_at: datetime
    space: ToldSpace


class WorkReturned(BaseModel):
    """A teacher gave an attempt back; mark and best mark (`points`) are decimal text, null without a mark."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: UUID
    submission: UUID
    post: UUID
    title: str
    student: UUID
    teacher: UUID
    attempt: int
    mark: str | None
    points: str | None
    returned_at: datetime
    space: ToldSpace
