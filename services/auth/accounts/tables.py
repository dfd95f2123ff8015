"""Tables of accounts and of the codes that activate them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field

from services.auth.accounts.rules import STATES
from services.auth.tables import Table, key, moment, one_of, reference, roster_source


class Account(Table, table=True):
    """How a person signs in. `canonical` is the user name as compared, unique on the whole platform."""

    __table_args__ = (
        CheckConstraint(one_of("state", STATES), name="state"),
        CheckConstraint("state <> 'active' or password_hash is not null", name="active"),
        UniqueConstraint("canonical"),
    )

    person_id: UUID = reference("person.id", primary_key=True)
    username: str
    canonical: str
    password_hash: str | None = None
    password_changed_at: datetime | None = Field(default=None, description="when the person chose it")
    short_password: bool = Field(
        default=False,
        sa_column_kwargs={"server_default": text("false")},
        description="too short to be enough without a second factor",
    )
    password_from: UUID | None = roster_source()
    state: str = Field(default="invited", sa_column_kwargs={"server_default": "invited"})
    created_at: datetime = moment()


class ActivationCode(Table, table=True):
    """A single-use code, kept as SHA-256 of a random value; a newer code of the person revokes it."""

    __tablename__ = "activation_code"
    __table_args__ = (
        UniqueConstraint("digest"),
        Index("ix_activation_code_person_id", "person_id"),
    )

    id: UUID = key()
    person_id: UUID = Field(foreign_key="account.person_id")
    digest: bytes
    issued_by: UUID | None = reference("person.id", nullable=True)
    created_at: datetime = moment()
    expires_at: datetime
    used_at: datetime | None = None
    revoked_at: datetime | None = None
