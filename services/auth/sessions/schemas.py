"""Bodies of the sessions' interface."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel


class Session(BaseModel):
    """A live session of the caller; `current` marks the one of this request."""

    id: UUID
    current: bool
    created_at: datetime
    expires_at: datetime
    network: str | None
    device: str | None
