"""Profiles of files that institutions stored."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, UniqueConstraint, text
from sqlmodel import Field

from services.creditbank.tables import Table


class PostingProfile(Table, table=True):
    """One version of how an institution's files name what the bank reads in them; never altered."""

    __tablename__ = "posting_profile"
    __table_args__ = (UniqueConstraint("institution", "code", "version"),)

    id: UUID = Field(primary_key=True)
    institution: UUID
    code: str
    version: int
    document: Any = Field(sa_type=JSON, nullable=False)
    made_by: UUID
    made_at: datetime = Field(
        default=None, nullable=False, sa_column_kwargs={"server_default": text("now()")}
    )
    withdrawn_at: datetime | None = Field(default=None, description="no new file is read by it from then on")
    withdrawn_by: UUID | None = None
