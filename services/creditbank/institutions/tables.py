"""Institutions: copies of the organisations of auth, with their standing in the bank."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, Index, Uuid, text
from sqlmodel import Field

from services.creditbank.institutions.rules import ACTS, STANDINGS, STATUSES
from services.creditbank.tables import Table, one_of


class Institution(Table, table=True):
    """An organisation as auth last told of it. `ancestors` leads from the root to itself."""

    __table_args__ = (
        CheckConstraint(one_of("status", STATUSES), name="status"),
        CheckConstraint(one_of("standing", STANDINGS), name="standing"),
        Index("ix_institution_ancestors", "ancestors", postgresql_using="gin"),
        Index(
            "ix_institution_standing",
            "standing",
            postgresql_where=text("standing in ('applied', 'reviewed')"),
        ),
    )

    id: UUID = Field(primary_key=True)
    version: int = Field(sa_type=BigInteger)
    status: str
    type: str
    name: str
    parent: UUID | None
    ancestors: list[UUID] = Field(sa_type=ARRAY(Uuid))
    identifier: str | None
    standing: str = Field(default="registered", sa_column_kwargs={"server_default": "registered"})


class StandingChange(Table, table=True):
    """Who changed an institution's standing, and why; never altered."""

    __tablename__ = "standing_change"
    __table_args__ = (
        CheckConstraint(one_of("act", ACTS), name="act"),
        Index("ix_standing_change_institution_id", "institution", "id"),
    )

    id: UUID = Field(primary_key=True)
    institution: UUID
    act: str
    standing: str
    by: UUID
    reason: str | None = None
    at: datetime = Field(default=None, nullable=False, sa_column_kwargs={"server_default": text("now()")})
