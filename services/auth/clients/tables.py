"""Tables of clients and their secrets."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, CheckConstraint, Index, Text, UniqueConstraint
from sqlmodel import Field

from services.auth.clients.rules import STATUSES
from services.auth.tables import Table, key, moment, one_of, reference


class Client(Table, table=True):
    """A machine that gets tokens: of an institution, or (without organisation) a service of the platform."""

    __table_args__ = (
        CheckConstraint(one_of("status", STATUSES), name="status"),
        UniqueConstraint("client_id"),
        Index("ix_client_organisation_id", "organisation_id", "id"),
    )

    id: UUID = key()
    client_id: str
    name: str
    organisation_id: UUID | None = reference("organisation.id", nullable=True)
    scopes: list[str] = Field(sa_type=ARRAY(Text))
    status: str = Field(default="active", sa_column_kwargs={"server_default": "active"})
    created_at: datetime = moment()


class ClientSecret(Table, table=True):
    """A secret of a client as SHA-256; several at a time let it change without a pause."""

    __tablename__ = "client_secret"
    __table_args__ = (Index("ix_client_secret_client_id", "client_id"),)

    id: UUID = key()
    client_id: UUID = reference("client.id")
    digest: bytes
    created_at: datetime = moment()
    expires_at: datetime | None = None
