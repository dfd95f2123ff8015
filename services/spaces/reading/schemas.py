"""Bodies of the interface about reading."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.spaces.memberships.rules import Role
from services.spaces.reading.rules import MOST_AT_ONCE, MOST_COUNTED


class PostIds(BaseModel):
    """Posts, by their ids."""

    model_config = ConfigDict(extra="forbid")

    posts: Annotated[list[UUID], Field(min_length=1, max_length=MOST_AT_ONCE)]


class Marked(BaseModel):
    """Those of the posts that the caller can read, all marked as read by now."""

    posts: list[UUID]


class UnreadSpace(BaseModel):
    """A space with posts the caller has not read."""

    space: UUID
    unread: int = Field(description=f"among the {MOST_COUNTED} newest")


class Unread(BaseModel):
    """How much there is to read."""

    total: int
    spaces: list[UnreadSpace] = Field(description="those with something unread")


class Reader(BaseModel):
    """A member of the space, and when they said that they have read the post; null if not yet."""

    person: UUID
    name: str | None
    role: Role
    read_at: datetime | None
