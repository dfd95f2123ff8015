"""Bodies of the roster rights' interface."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, Field


class IdentityRight(BaseModel):
    """Whether the organisation's rosters may name people by userMasterIdentifier."""

    held: bool
    organisation: UUID | None = Field(description="where it was granted: here, above, or at the root")
    granted_at: datetime | None
