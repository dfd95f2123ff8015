"""Awards: what was asked for, the lots that count for it, the holds that keep them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, SmallInteger, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSON
from sqlmodel import Field

from services.creditbank.awards.rules import STATES
from services.creditbank.tables import Table, key, one_of


class Award(Table, table=True):
    """One learner's award by one version of a programme's rules."""

    __table_args__ = (
        CheckConstraint(one_of("state", STATES), name="state"),
        CheckConstraint(
            "decided_by <> requested_by and rescinded_by <> rescission_by", name="maker_is_not_checker"
        ),
        UniqueConstraint("learner", "key"),
        Index("ix_award_id", "id"),
        Index(
            "ix_award_waiting",
            "institution",
            postgresql_where=text("state in ('requested', 'rescinding')"),
        ),
    )

    learner: int = key(BigInteger)
    id: UUID = Field(primary_key=True)
    institution: UUID
    rule: UUID
    scheme: int = Field(sa_type=SmallInteger)
    state: str = Field(default="requested", sa_column_kwargs={"server_default": "requested"})
    key: str
    payload_hash: UUID
    facts: bytes = Field(sa_column=Column(JSON, nullable=False))
    until: datetime
    requested_by: UUID
    requested_at: datetime = Field(
        default=None, nullable=False, sa_column_kwargs={"server_default": text("now()")}
    )
    decided_by: UUID | None = None
    decided_at: datetime | None = None
    reason: str | None = None
    rescission_by: UUID | None = None
    rescission_at: datetime | None = None
    rescission_reason: str | None = None
    rescinded_by: UUID | None = None
    rescinded_at: datetime | None = None
    version: int = Field(default=1, sa_column_kwargs={"server_default": text("1")})


class AwardLot(Table, table=True):
    """A part of a lot that counts towards a requirement of an award."""

    __tablename__ = "award_lot"
    __table_args__ = (CheckConstraint("amount > 0", name="amount"),)

    learner: int = key(BigInteger)
    award: UUID = Field(primary_key=True)
    book: int = key(BigInteger)
    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    requirement: str = Field(primary_key=True)
    amount: int
    outcome: UUID


class AwardHold(Table, table=True):
    """The hold in one book; `redemption` is the number of the entry that spent it."""

    __tablename__ = "award_hold"

    learner: int = key(BigInteger)
    award: UUID = Field(primary_key=True)
    book: int = key(BigInteger)
    hold: UUID
    redemption: int | None = None
