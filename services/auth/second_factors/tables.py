"""Tables of second factors and of the codes for the day the telephone is lost."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger
from sqlmodel import Field

from services.auth.tables import Table, moment, reference


class SecondFactor(Table, table=True):
    """A person's time-based one-time codes (RFC 6238). Until it is confirmed it counts for nothing.

    `secret` is sealed like the private keys. `last_step` is the newest time step whose code was used: no code
    of it or of an earlier one is right again. `failures` counts wrong codes since the last right one.
    """

    __tablename__ = "second_factor"

    person_id: UUID = reference("person.id", primary_key=True)
    secret: bytes
    session_id: UUID = Field(description="the session that enrols it")
    created_at: datetime = moment()
    confirmed_at: datetime | None = None
    last_step: int = Field(default=0, sa_type=BigInteger, sa_column_kwargs={"server_default": "0"})
    failures: int = Field(default=0, sa_column_kwargs={"server_default": "0"})


class RecoveryCode(Table, table=True):
    """A code that stands in for the telephone once, kept as SHA-256 of a random value."""

    __tablename__ = "recovery_code"

    person_id: UUID = reference("person.id", primary_key=True)
    digest: bytes = Field(primary_key=True)
    created_at: datetime = moment()
    used_at: datetime | None = None
