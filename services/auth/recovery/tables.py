"""Tables of recovery: who asked for it, and the links that were sent."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field

from services.auth.tables import Table, key, moment, reference


class RecoveryWish(Table, table=True):
    """Somebody typed this user name, whether or not there is such an account; gone once it is looked up."""

    __tablename__ = "recovery_wish"

    id: UUID = key()
    canonical: str
    language: str
    created_at: datetime = moment()


class RecoveryLink(Table, table=True):
    """A single-use link, kept as SHA-256 of a random value, with that of the address it was sent to."""

    __tablename__ = "recovery_link"
    __table_args__ = (
        Index("ix_recovery_link_person_id", "person_id", "created_at"),
        Index("ix_recovery_link_created_at", "created_at"),
    )

    digest: bytes = Field(primary_key=True)
    person_id: UUID = reference("person.id")
    address_digest: bytes
    created_at: datetime = moment()
    expires_at: datetime
    used_at: datetime | None = None
