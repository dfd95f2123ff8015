"""Bodies and answers of the freeze routes."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from libs.common.fields import Line


class FreezeBody(BaseModel):
    """Why nothing may be spent. Administrators read it, the learner does not."""

    model_config = ConfigDict(extra="forbid")

    reason: Line


class Freeze(BaseModel):
    """A time in which nothing is spent or set aside from any of the learner's accounts."""

    id: UUID
    learner: UUID
    reason: str
    begun_by: UUID
    begun_at: datetime
    ended_by: UUID | None
    ended_at: datetime | None


class Freezes(BaseModel):
    """All freezes of a learner, newest first; there are few."""

    items: list[Freeze]
