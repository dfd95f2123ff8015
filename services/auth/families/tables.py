"""Tables of token families and their refresh tokens."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, JSON, CheckConstraint, Column, Index, Text
from sqlmodel import Field

from services.auth.families.rules import ENDINGS
from services.auth.tables import Table, key, moment, one_of, reference


class TokenFamily(Table, table=True):
    """All tokens that descend from one redeemed code; ended as a whole, for good."""

    __tablename__ = "token_family"
    __table_args__ = (
        CheckConstraint(one_of("ended_by", ENDINGS, optional=True), name="ended_by"),
        CheckConstraint("(ended_at is null) = (ended_by is null)", name="ended"),
        Index("ix_token_family_person_id", "person_id", "client_id"),
        Index("ix_token_family_session_id", "session_id"),
        Index("ix_token_family_expires_at", "expires_at"),
    )

    id: UUID = key()
    client_id: UUID = reference("client.id")
    person_id: UUID = reference("person.id")
    session_id: UUID = reference("session.id")
    scopes: list[str] = Field(sa_type=ARRAY(Text))
    audiences: list[str] = Field(sa_type=ARRAY(Text))
    claims: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON))
    authenticated_at: datetime
    methods: list[str] = Field(sa_type=ARRAY(Text))
    created_at: datetime = moment()
    expires_at: datetime
    ended_at: datetime | None = None
    ended_by: str | None = None


class RefreshToken(Table, table=True):
    """A refresh token as SHA-256 of a random value. Each works once; the one not used yet is the newest."""

    __tablename__ = "refresh_token"
    __table_args__ = (Index("ix_refresh_token_family_id", "family_id"),)

    digest: bytes = Field(primary_key=True)
    family_id: UUID = reference("token_family.id")
    created_at: datetime = moment()
    expires_at: datetime
    used_at: datetime | None = None
