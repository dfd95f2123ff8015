"""Bodies of the routes of what waits for its learner."""

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel, Field

from services.creditbank.deposits.schemas import Reference
from services.creditbank.suspense.rules import State


class NamedBy(BaseModel):
    """As the institution named it."""

    id: UUID | None
    sourced_id: str | None


class SuspendedItem(BaseModel):
    """Credits that wait, or waited, for their learner."""

    id: UUID
    institution: UUID
    scheme: str
    key: str | None
    learner: NamedBy
    course: NamedBy
    attempt: str | None
    credits: str
    grade: str | None
    earned_on: date
    state: State = Field(description="erased: the learner is no more, nothing is waited for")
    reason: str | None = Field(description="why it was refused when its learner was found")
    entry: UUID | None
    file: UUID | None = Field(description="the file it came with")
    suspended_at: datetime
    resolved_at: datetime | None


class Claim(BaseModel):
    """Whose the credits are."""

    learner: Reference
