"""Tables of clients and their secrets."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, JSON, CheckConstraint, Column, Index, Text, UniqueConstraint, text
from sqlmodel import Field

from services.auth.clients.rules import ID_TOKEN_ALGORITHMS, KINDS, STATUSES
from services.auth.tables import Table, key, moment, one_of, reference


def _texts() -> Any:
    """A list of texts, empty unless given."""
    return Field(default_factory=list, sa_type=ARRAY(Text), sa_column_kwargs={"server_default": "{}"})


class Client(Table, table=True):
    """A program that gets tokens: of an institution, or (without organisation) of the platform itself."""

    __table_args__ = (
        CheckConstraint(one_of("status", STATUSES), name="status"),
        CheckConstraint(one_of("kind", KINDS), name="kind"),
        CheckConstraint(one_of("id_token_alg", ID_TOKEN_ALGORITHMS), name="id_token_alg"),
        UniqueConstraint("client_id"),
        Index("ix_client_organisation_id", "organisation_id", "id"),
        Index(
            "ix_client_origins", "origins", postgresql_using="gin", postgresql_where=text("kind = 'browser'")
        ),
    )

    id: UUID = key()
    client_id: str
    name: str
    organisation_id: UUID | None = reference("organisation.id", nullable=True)
    scopes: list[str] = Field(sa_type=ARRAY(Text))
    status: str = Field(default="active", sa_column_kwargs={"server_default": "active"})
    created_at: datetime = moment()
    kind: str = Field(default="machine", sa_column_kwargs={"server_default": "machine"})
    redirect_uris: list[str] = _texts()
    post_logout_redirect_uris: list[str] = _texts()
    origins: list[str] = _texts()
    id_token_alg: str = Field(default="RS256", sa_column_kwargs={"server_default": "RS256"})
    needs_consent: bool = Field(default=True, sa_column_kwargs={"server_default": "true"})
    public_keys: dict[str, object] | None = Field(
        default=None, sa_column=Column(JSON, nullable=True), description="a JWK set instead of secrets"
    )


class ClientSecret(Table, table=True):
    """A secret of a client as SHA-256; several at a time let it change without a pause."""

    __tablename__ = "client_secret"
    __table_args__ = (Index("ix_client_secret_client_id", "client_id"),)

    id: UUID = key()
    client_id: UUID = reference("client.id")
    digest: bytes
    created_at: datetime = moment()
    expires_at: datetime | None = None


class ClientAssertion(Table, table=True):
    """A signed assertion that was used (RFC 7523), kept until it would expire, so that none works twice."""

    __tablename__ = "client_assertion"
    __table_args__ = (Index("ix_client_assertion_expires_at", "expires_at"),)

    digest: bytes = Field(primary_key=True, description="SHA-256 of client and jti")
    expires_at: datetime
