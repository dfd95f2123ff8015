"""Tables of basic credentials."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, CheckConstraint, DateTime, Index, Text, UniqueConstraint, text
from sqlmodel import Field

from services.creditbank.tables import Table, one_of
from services.creditbank.xapi.credentials.rules import ACTS


def _now() -> datetime:
    """A moment of the database's own clock."""
    found: datetime = Field(
        sa_type=DateTime(timezone=True), sa_column_kwargs={"server_default": text("now()")}
    )
    return found


class XapiCredential(Table, table=True):
    """A user name and password for an organisation's record store; of the password only its SHA-256."""

    __tablename__ = "xapi_credential"
    __table_args__ = (
        UniqueConstraint("username"),
        Index("ix_xapi_credential_organisation_id", "organisation", "id"),
    )

    id: UUID = Field(primary_key=True)
    organisation: UUID
    name: str
    username: str
    digest: bytes
    scopes: list[str] = Field(sa_type=ARRAY(Text))
    created_at: datetime = _now()
    expires_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    revoked_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))


class XapiCredentialChange(Table, table=True):
    """Who issued and who revoked a credential; rows are never altered."""

    __tablename__ = "xapi_credential_change"
    __table_args__ = (
        CheckConstraint(one_of("act", ACTS), name="act"),
        Index("ix_xapi_credential_change_credential", "credential"),
    )

    id: UUID = Field(primary_key=True)
    credential: UUID
    act: str
    by: UUID
    at: datetime = _now()
