"""Tables of what is still to be erased, and of what may not come back."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import DateTime, Index, Uuid
from sqlmodel import Field

from services.creditbank.tables import Table
from services.creditbank.tables import key as key_part


class XapiErasure(Table, table=True):
    """An agent whose traces are to be removed, in one organisation or in all; gone when none are left."""

    __tablename__ = "xapi_erasure"
    __table_args__ = (Index("ix_xapi_erasure_erasure", "erasure"),)

    id: UUID = Field(primary_key=True)
    erasure: UUID
    organisation: UUID | None = None
    agent: str
    since: datetime = Field(sa_type=DateTime(timezone=True))
    until: datetime = Field(sa_type=DateTime(timezone=True))


class XapiErased(Table, table=True):
    """The id of a statement that was erased."""

    __tablename__ = "xapi_erased"

    organisation: UUID = key_part(Uuid)
    id: UUID = key_part(Uuid)
