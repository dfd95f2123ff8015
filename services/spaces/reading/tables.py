"""Who has read which post."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field

from services.spaces.tables import Table


class PostRead(Table, table=True):
    """A person has read a post; the first time counts."""

    __tablename__ = "post_read"
    __table_args__ = (Index("post_read_post", "post", "person"),)

    person: UUID = Field(primary_key=True)
    post: UUID = Field(foreign_key="post.id", ondelete="CASCADE", primary_key=True)
    read_at: datetime
