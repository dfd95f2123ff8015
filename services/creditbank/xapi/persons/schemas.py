"""Bodies of persons' records."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict


class Identity(BaseModel):
    """An agent that names a learner; `since` is null for all time before, `left_at` while it still does."""

    id: UUID
    agent: dict[str, Any]
    source: Literal["address", "link"]
    since: datetime | None
    left_at: datetime | None
    linked_by: UUID | None


class Identities(BaseModel):
    """All agents that name or named a learner, beside the account at auth."""

    items: list[Identity]


class Link(BaseModel):
    """An agent that is to name a learner."""

    model_config = ConfigDict(extra="forbid")

    agent: dict[str, Any]


class RecordedStatement(BaseModel):
    """A statement about oneself, and in whose store it is."""

    organisation: UUID
    id: UUID
    statement: dict[str, Any]
