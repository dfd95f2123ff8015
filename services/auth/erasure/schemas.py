"""Bodies of the erasure interface."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, Field

from services.auth.erasure.rules import Reason


class Erasure(BaseModel):
    """An erasure that waits; until it happens it can be withdrawn."""

    asked_by: UUID
    asked_at: datetime
    due_at: datetime = Field(description="not before this time")
    waits_for: list[Reason] = Field(
        description="its time; rosters that still name the person and would enter the person anew; another"
        " administrator for the root"
    )
