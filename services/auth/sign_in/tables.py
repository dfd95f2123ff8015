"""The table of sign-ins whose second factor is still open."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, text
from sqlmodel import Field

from services.auth.tables import Table, reference


class StartedSignIn(Table, table=True):
    """Somebody at this browser knew the password; not signed in before the second factor is shown too."""

    __tablename__ = "started_sign_in"
    __table_args__ = (Index("ix_started_sign_in_expires_at", "expires_at"),)

    browser_digest: bytes = Field(primary_key=True)
    person_id: UUID = reference("person.id")
    created_at: datetime = Field(
        default=None, nullable=False, sa_column_kwargs={"server_default": text("clock_timestamp()")}
    )
    expires_at: datetime
