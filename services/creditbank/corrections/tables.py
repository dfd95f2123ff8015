"""Corrections: what an institution asks to take back of its own deposits, and to put in its place."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, SmallInteger, text
from sqlmodel import Field

from services.creditbank.corrections.rules import STATES
from services.creditbank.tables import Table, key, one_of


class Correction(Table, table=True):
    """One request. Without `amount` it only revokes; `revoking` and `replacing` are what came of it."""

    __table_args__ = (
        CheckConstraint(one_of("state", STATES), name="state"),
        CheckConstraint("(state = 'requested') = (decided_by is null)", name="decision"),
        CheckConstraint("state = 'withdrawn' or decided_by <> requested_by", name="maker_is_not_checker"),
        CheckConstraint("(state = 'approved') = (revoking is not null)", name="result"),
        Index(
            "uq_correction_open",
            "learner",
            "scheme",
            "entry",
            unique=True,
            postgresql_where=text("state = 'requested'"),
        ),
        Index("ix_correction_id", "id"),
        Index("ix_correction_institution_id", "institution", "id"),
    )

    learner: int = key(BigInteger)
    requested_at: datetime = Field(
        default=None, nullable=False, sa_column_kwargs={"server_default": text("now()")}
    )
    decided_at: datetime | None = None
    entry: int
    revoking: int | None = None
    amount: int | None = None
    earned_on: date | None = None
    scheme: int = Field(sa_type=SmallInteger)
    id: UUID = Field(primary_key=True)
    deposit: UUID
    institution: UUID
    requested_by: UUID
    decided_by: UUID | None = None
    course_id: UUID | None = None
    replacing: UUID | None = None
    state: str = Field(default="requested", sa_column_kwargs={"server_default": "requested"})
    reason: str
    decision_reason: str | None = None
    course_sourced_id: str | None = None
    attempt: str | None = None
    grade: str | None = None
