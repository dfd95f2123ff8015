"""Credits of learners nobody knows yet. They are no part of the books until they are claimed."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, text
from sqlmodel import Field

from services.creditbank.suspense.rules import STATES
from services.creditbank.tables import Table, one_of

_WAITING = text("state = 'waiting'")


class Suspense(Table, table=True):
    """One item that waits for its learner; `due` while somebody ought to look whether there is one now."""

    __table_args__ = (
        CheckConstraint(one_of("state", STATES), name="state"),
        CheckConstraint("amount > 0", name="amount"),
        Index("ix_suspense_institution_id", "institution", "id"),
        Index(
            "ix_suspense_due",
            "institution",
            "scheme",
            "client",
            postgresql_where=text("due and state = 'waiting'"),
        ),
        Index("ix_suspense_learner_sourced_id", "learner_sourced_id", postgresql_where=_WAITING),
        Index("ix_suspense_learner_id", "learner_id", postgresql_where=_WAITING),
        Index("ix_suspense_learner", "learner", postgresql_where=text("learner is not null")),
        Index("ix_suspense_file_number", "file", "number", postgresql_where=text("file is not null")),
    )

    id: UUID = Field(primary_key=True)
    institution: UUID
    organisation: UUID
    client: UUID
    scheme: str
    file: UUID | None = None
    number: int | None = None
    key_hash: UUID = Field(unique=True)
    payload_hash: UUID
    key: str | None = None
    learner: int | None = Field(default=None, sa_type=BigInteger)
    learner_id: UUID | None = None
    learner_sourced_id: str | None = None
    course_id: UUID | None = None
    course_sourced_id: str | None = None
    attempt: str | None = None
    amount: int
    grade: str | None = None
    earned_on: date
    state: str = Field(default="waiting", sa_column_kwargs={"server_default": "waiting"})
    due: bool = Field(default=True, sa_column_kwargs={"server_default": text("true")})
    news: int = Field(
        default=0, sa_column_kwargs={"server_default": text("0")}, description="how often it became due"
    )
    entry: UUID | None = None
    reason: str | None = None
    suspended_at: datetime = Field(
        default=None, nullable=False, sa_column_kwargs={"server_default": text("now()")}
    )
    resolved_at: datetime | None = None
