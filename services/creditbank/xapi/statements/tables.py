"""Statements as they are sent back, the keys they are found by, and their attachments."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    Index,
    LargeBinary,
    SmallInteger,
    String,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlmodel import Field

from services.creditbank.tables import Table
from services.creditbank.tables import key as key_part


def _by(table: str, column: str, *, always: bool = True) -> Index:
    """What finds the newest statements of one key first."""
    where = None if always else text(f"{column} is not null")
    return Index(f"ix_{table}_{column}_position", column, "position", postgresql_where=where)


class XapiStatement(Table, table=True):
    """One statement. `position` orders by when it was stored and tells the millisecond, shifted by 20 bits.

    `voiding` is 1 where it voids what the same authority vouches for, 2 where it voids anything. `learner`
    is whose record it is, once that is known.
    """

    __tablename__ = "xapi_statement"
    __table_args__ = (
        CheckConstraint("voiding in (0, 1, 2)", name="voiding"),
        UniqueConstraint("organisation", "id"),
        _by("xapi_statement", "verb"),
        _by("xapi_statement", "authority"),
        _by("xapi_statement", "actor", always=False),
        Index(
            "ix_xapi_statement_actor_happened_at",
            "actor",
            "happened_at",
            "position",
            postgresql_where=text("actor is not null"),
        ),
        _by("xapi_statement", "object", always=False),
        _by("xapi_statement", "registration", always=False),
        _by("xapi_statement", "learner", always=False),
        Index(
            "ix_xapi_statement_organisation_target",
            "organisation",
            "target",
            postgresql_where=text("target is not null"),
        ),
        Index(
            "ix_xapi_statement_attachments",
            "attachments",
            postgresql_using="gin",
            postgresql_where=text("attachments is not null"),
        ),
    )

    organisation: UUID = key_part(Uuid)
    position: int = key_part(BigInteger)
    happened_at: datetime
    learner: int | None = Field(default=None, sa_type=BigInteger)
    id: UUID
    verb: UUID
    authority: UUID
    actor: UUID | None = None
    object: UUID | None = None
    registration: UUID | None = None
    target: UUID | None = None
    voiding: int = Field(default=0, sa_type=SmallInteger, sa_column_kwargs={"server_default": text("0")})
    voided: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    mentions: list[UUID] | None = Field(default=None, sa_type=ARRAY(Uuid()))
    attachments: list[str] | None = Field(default=None, sa_type=ARRAY(String()))
    body: bytes = Field(sa_type=LargeBinary)


class XapiEcho(Table, table=True):
    """What a statement is found by because of one it targets, `depth` references away."""

    __tablename__ = "xapi_echo"
    __table_args__ = (
        _by("xapi_echo", "verb"),
        _by("xapi_echo", "authority"),
        _by("xapi_echo", "actor", always=False),
        _by("xapi_echo", "object", always=False),
        _by("xapi_echo", "registration", always=False),
    )

    organisation: UUID = key_part(Uuid)
    position: int = key_part(BigInteger)
    depth: int = key_part(SmallInteger)
    verb: UUID
    authority: UUID
    actor: UUID | None = None
    object: UUID | None = None
    registration: UUID | None = None
    mentions: list[UUID] | None = Field(default=None, sa_type=ARRAY(Uuid()))


class XapiMention(Table, table=True):
    """What else a statement names; `depth` 0 for itself, else that of the echo it belongs to."""

    __tablename__ = "xapi_mention"
    __table_args__ = (Index("ix_xapi_mention_echo", "key", "position", postgresql_where=text("depth > 0")),)

    key: UUID = key_part(Uuid)
    position: int = key_part(BigInteger)
    depth: int = key_part(SmallInteger)


class XapiAttachment(Table, table=True):
    """The content of an attachment, by its hash in lower case."""

    __tablename__ = "xapi_attachment"

    organisation: UUID = key_part(Uuid)
    sha2: str = key_part(String)
    content: bytes = Field(sa_type=LargeBinary)
