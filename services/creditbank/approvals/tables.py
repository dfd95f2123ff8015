"""Who can act as which client."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, text
from sqlmodel import Field

from services.creditbank.tables import Table


class ClientKeeper(Table, table=True):
    """A person who registered a client, was shown a secret of it or set its keys.

    Where two must act, a client and its keepers are one. It never ends: secrets can be remembered.
    """

    __tablename__ = "client_keeper"
    __table_args__ = (Index("ix_client_keeper_person", "person"),)

    client: UUID = Field(primary_key=True)
    person: UUID = Field(primary_key=True)
    known_at: datetime = Field(
        default=None, nullable=False, sa_column_kwargs={"server_default": text("now()")}
    )
