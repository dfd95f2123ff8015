"""What this service publishes about reading."""

from datetime import datetime
from typing import Final
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from services.spaces.posts.rules import PostKind
from services.spaces.spaces.events import ToldSpace

POST_READ: Final = "spaces.post.read.v1"


class PostRead(BaseModel):
    """A student said for the first time that they have read a post of their class or school.

    Nobody else's reading is told, and no child's under 14 without a guardian's consent.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: UUID
    kind: PostKind
    title: str
    student: UUID
    space: ToldSpace
    read_at: datetime
