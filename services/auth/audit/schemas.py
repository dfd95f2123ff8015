"""Bodies of the audit's interface."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel


class AuditEntry(BaseModel):
    """Something that was done, by whom, where and to whom."""

    position: int
    time: datetime
    action: str
    actor_kind: Literal["person", "client", "system"]
    actor: UUID | None
    organisation: UUID | None
    subject: UUID | None
    data: dict[str, Any]
