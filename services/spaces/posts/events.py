"""What this service publishes about posts."""

from datetime import datetime
from typing import Final
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from services.spaces.posts.rules import PostKind
from services.spaces.spaces.rules import Kind

POST_PUBLISHED: Final = "spaces.post.published.v1"
POST_CHANGED: Final = "spaces.post.changed.v1"
POST_REMOVED: Final = "spaces.post.removed.v1"


class PostPublished(BaseModel):
    """Somebody said something to everybody in a space. The text itself is read here, with the rights here."""

    model_config = ConfigDict(frozen=True)

    id: UUID
    space: UUID
    space_kind: Kind
    kind: PostKind
    author: UUID
    title: str
    recorded_at: datetime


class PostChanged(BaseModel):
    """The author changed a post."""

    model_config = ConfigDict(frozen=True)

    id: UUID
    space: UUID
    author: UUID
    title: str
    changed_at: datetime


class PostRemoved(BaseModel):
    """The author took a post away; nobody reads it any more."""

    model_config = ConfigDict(frozen=True)

    id: UUID
    space: UUID
    author: UUID
    removed_at: datetime
