"""The table of signing keys."""

from datetime import datetime

from sqlalchemy import JSON, Column
from sqlmodel import Field

from services.auth.tables import Table, moment


class SigningKey(Table, table=True):
    """A signing key; its state follows from its times (see rules), so no job has to turn it.

    The private key is AES-256-GCM sealed and erased once the key is retired.
    """

    __tablename__ = "signing_key"

    kid: str = Field(primary_key=True)
    algorithm: str
    public_key: dict[str, str] = Field(sa_column=Column(JSON, nullable=False))
    private_key: bytes | None = None
    published_at: datetime = moment()
    signs_at: datetime
    retires_at: datetime | None = None
