"""Table of the agents that learners are."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, DateTime, Index
from sqlmodel import Field

from services.creditbank.tables import Table, one_of
from services.creditbank.xapi.persons.rules import SOURCES


class XapiIdentity(Table, table=True):
    """An agent that names a learner, from a time on and perhaps until another."""

    __tablename__ = "xapi_identity"
    __table_args__ = (
        CheckConstraint(one_of("source", SOURCES), name="source"),
        Index("ix_xapi_identity_key_since", "key", "since"),
        Index("ix_xapi_identity_learner", "learner"),
    )

    id: UUID = Field(primary_key=True)
    key: bytes
    agent: str
    learner: int = Field(sa_type=BigInteger)
    source: str
    since: datetime = Field(sa_type=DateTime(timezone=True))
    left_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    linked_by: UUID | None = None
