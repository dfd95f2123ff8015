"""The table of sign-in sessions."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, Index, Text, UniqueConstraint, text
from sqlmodel import Field

from services.auth.tables import Table, key, moment, reference


class Session(Table, table=True):
    """A signed-in person at one device, from sign-in to its end; its id is the tokens' `sid`."""

    __table_args__ = (
        Index("ix_session_person_id", "person_id", "id"),
        Index("ix_session_expires_at", "expires_at"),
        Index(
            "ix_session_active_role_id",
            "active_role_id",
            postgresql_where=text("active_role_id is not null"),
        ),
        UniqueConstraint("secret_digest"),
    )

    id: UUID = key()
    person_id: UUID = reference("person.id")
    created_at: datetime = moment()
    expires_at: datetime
    ended_at: datetime | None = None
    network: str | None = Field(default=None, description="the address it was opened from, of IPv6 the /64")
    device: str | None = Field(default=None, description="what the browser said of itself")
    secret_digest: bytes | None = Field(default=None, description="SHA-256 of the browser's cookie")
    authenticated_at: datetime = moment()
    methods: list[str] = Field(
        default_factory=lambda: ["pwd"], sa_type=ARRAY(Text), sa_column_kwargs={"server_default": "{pwd}"}
    )
    active_role_id: UUID | None = reference("role_assignment.id", nullable=True)
