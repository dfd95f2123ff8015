"""Bodies of the applications' interface."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel


class Application(BaseModel):
    """A client that may act for the caller. `allowed_at` is null for one that need not ask."""

    id: UUID
    client_id: str
    name: str
    organisation: str | None
    scopes: list[str]
    allowed_at: datetime | None
