"""Institutions: copies of the organisations of auth, with their standing in the bank."""

from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, Index, Uuid
from sqlmodel import Field

from services.creditbank.institutions.rules import STANDINGS, STATUSES
from services.creditbank.tables import Table, one_of


class Institution(Table, table=True):
    """An organisation as auth last told of it. `ancestors` leads from the root to itself."""

    __table_args__ = (
        CheckConstraint(one_of("status", STATUSES), name="status"),
        CheckConstraint(one_of("standing", STANDINGS), name="standing"),
        Index("ix_institution_ancestors", "ancestors", postgresql_using="gin"),
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
