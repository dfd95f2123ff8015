"""Tables of the authorization endpoint: requests that wait for a person, codes, and what people allowed."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, JSON, Column, Index, Text
from sqlmodel import Field

from services.auth.tables import Table, key, moment, reference


class AuthorizationRequest(Table, table=True):
    """A checked request that waits until the person has signed in or decided, bound to one browser."""

    __tablename__ = "authorization_request"
    __table_args__ = (Index("ix_authorization_request_expires_at", "expires_at"),)

    id: UUID = key()
    client_id: UUID = reference("client.id")
    browser_digest: bytes
    parameters: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    selected_session_id: UUID | None = Field(
        default=None, description="the session the person chose to go on with"
    )
    created_at: datetime = moment()
    expires_at: datetime
    ended_at: datetime | None = None


class ClientConsent(Table, table=True):
    """What a person allows a client, until withdrawn."""

    __tablename__ = "client_consent"

    person_id: UUID = reference("person.id", primary_key=True)
    client_id: UUID = reference("client.id", primary_key=True)
    scopes: list[str] = Field(sa_type=ARRAY(Text))
    given_at: datetime = moment()
    revoked_at: datetime | None = None


class AuthorizationCode(Table, table=True):
    """A code, kept as SHA-256 of a random value: for one client, redirect address and PKCE verifier, once."""

    __tablename__ = "authorization_code"
    __table_args__ = (
        Index("ix_authorization_code_expires_at", "expires_at"),
        Index("ix_authorization_code_session_id", "session_id"),
        Index("ix_authorization_code_person_id", "person_id", "client_id"),
    )

    digest: bytes = Field(primary_key=True)
    client_id: UUID = reference("client.id")
    person_id: UUID = reference("person.id")
    session_id: UUID = reference("session.id")
    redirect_uri: str
    code_challenge: str
    scopes: list[str] = Field(sa_type=ARRAY(Text))
    audiences: list[str] = Field(sa_type=ARRAY(Text))
    nonce: str | None = None
    claims: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON))
    authenticated_at: datetime
    methods: list[str] = Field(sa_type=ARRAY(Text))
    created_at: datetime = moment()
    expires_at: datetime
    used_at: datetime | None = None
    family_id: UUID | None = None
