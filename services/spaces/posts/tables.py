"""Posts and the record of what was done with them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, LargeBinary, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSON
from sqlmodel import Field

from services.spaces.posts.rules import ACTIONS, KINDS, MOST_POINTS, STATUSES
from services.spaces.tables import Table, one_of


class Post(Table, table=True):
    """Something said to everybody in a space. `id` grows with time and orders every list."""

    __table_args__ = (
        CheckConstraint(one_of("kind", KINDS), name="post_kind"),
        CheckConstraint(one_of("status", STATUSES), name="post_status"),
        CheckConstraint("length(client_key) = 16", name="post_client_key_length"),
        CheckConstraint("length(content_hash) = 32", name="post_content_hash_length"),
        UniqueConstraint("author", "client_key", name="post_author_client_key"),
        Index("post_space", "space", "id"),
    )

    id: UUID = Field(primary_key=True)
    space: UUID = Field(foreign_key="space.id")
    author: UUID
    kind: str = Field(sa_type=Text)
    title: str = Field(sa_type=Text)
    text: str = Field(sa_type=Text)
    links: list[dict[str, Any]] = Field(sa_type=JSON)
    status: str = Field(sa_type=Text)
    recorded_at: datetime
    changed_at: datetime | None
    client_key: bytes = Field(sa_type=LargeBinary, description="hash of the author's idempotency key")
    content_hash: bytes = Field(sa_type=LargeBinary, description="SHA-256 of what was first published")


class Assignment(Table, table=True):
    """What makes a post homework. `points` is the best mark in hundredths, null if it is not marked."""

    __table_args__ = (
        CheckConstraint(f"points between 1 and {MOST_POINTS}", name="assignment_points"),
        CheckConstraint("closes_at >= due_at", name="assignment_dates"),
    )

    post: UUID = Field(foreign_key="post.id", ondelete="CASCADE", primary_key=True)
    due_at: datetime | None
    closes_at: datetime | None
    points: int | None = Field(sa_type=BigInteger)


class PostAudit(Table, table=True):
    """Who did what to a post, and what it said before. Rows are only ever added."""

    __tablename__ = "post_audit"
    __table_args__ = (
        CheckConstraint(one_of("action", ACTIONS), name="post_audit_action"),
        Index("post_audit_post", "post", "id"),
    )

    id: UUID = Field(primary_key=True)
    post: UUID
    space: UUID
    actor: UUID
    action: str = Field(sa_type=Text)
    recorded_at: datetime
    before: dict[str, Any] | None = Field(sa_type=JSON)
