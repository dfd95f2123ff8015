"""Files of credits to post: the job, its upload, its items and their answers."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, text
from sqlmodel import Field

from services.creditbank.files.rules import OUTCOMES, STATES, UNDER_WAY
from services.creditbank.tables import Table, one_of

_UNDER_WAY = text(one_of("state", UNDER_WAY))


def _count() -> Any:
    return Field(default=0, sa_column_kwargs={"server_default": text("0")})


def _large_count() -> Any:
    return Field(default=0, sa_type=BigInteger, sa_column_kwargs={"server_default": text("0")})


class PostingFile(Table, table=True):
    """A file of credits: who sent it, how far it is, what came of its items."""

    __tablename__ = "posting_file"
    __table_args__ = (
        CheckConstraint(one_of("state", STATES), name="state"),
        CheckConstraint("decided_by <> client", name="maker_is_not_checker"),
        Index("uq_posting_file_under_way", "institution", "digest", unique=True, postgresql_where=_UNDER_WAY),
        Index("ix_posting_file_institution_id", "institution", "id"),
        Index("ix_posting_file_state", "state", postgresql_where=_UNDER_WAY),
    )

    id: UUID = Field(primary_key=True)
    institution: UUID
    organisation: UUID = Field(description="that of the client who sent it: the institution or one above")
    client: UUID
    scheme: str
    profile: str
    encoding: str
    atomic: bool = Field(description="all items or none")
    dry_run: bool
    suspends: bool = Field(description="items of unknown learners wait for them")
    needs_approval: bool
    digest: bytes = Field(description="of content and options: the same file again joins the one under way")
    file_name: str
    size_bytes: int = Field(sa_type=BigInteger)
    state: str = Field(default="queued", sa_column_kwargs={"server_default": "queued"})
    refusal: str | None = None
    line: int | None = None
    done: int = _large_count()
    total: int = _large_count()
    attempts: int = _count()
    items: int = _count()
    accepted: int = _count()
    posted: int = _count()
    replayed: int = _count()
    conflicts: int = _count()
    refused: int = _count()
    suspended: int = _count()
    created_at: datetime = Field(
        default=None, nullable=False, sa_column_kwargs={"server_default": text("now()")}
    )
    started_at: datetime | None = None
    ended_at: datetime | None = None
    decided_by: UUID | None = None
    decided_at: datetime | None = None
    decision_reason: str | None = None
    stored_profile: UUID | None = Field(
        default=None, description="the version of the institution's own profile it is read by, if any"
    )


class PostingFilePiece(Table, table=True):
    """A megabyte of an upload; gone when it has been read."""

    __tablename__ = "posting_file_piece"

    file: UUID = Field(primary_key=True)
    piece: int = Field(primary_key=True)
    content: bytes


class PostingFileBatch(Table, table=True):
    """A call by which a file was posted, written down before it was made."""

    __tablename__ = "posting_file_batch"
    __table_args__ = (Index("ix_posting_file_batch_file_first", "file", "first"),)

    batch: UUID = Field(primary_key=True)
    file: UUID
    first: int = Field(description="number of the first of the items it posted")


class PostingItem(Table, table=True):
    """One item of a file as it was read, and what became of it. What names an erased learner is removed."""

    __tablename__ = "posting_item"
    __table_args__ = (
        CheckConstraint(one_of("outcome", OUTCOMES), name="outcome"),
        Index("ix_posting_item_learner", "learner", postgresql_where=text("learner is not null")),
    )

    file: UUID = Field(primary_key=True)
    number: int = Field(primary_key=True)
    line: int
    amount: int | None = None
    learner: int | None = Field(default=None, sa_type=BigInteger)
    earned_on: date | None = None
    learner_id: UUID | None = None
    course_id: UUID | None = None
    entry: UUID | None = None
    faulty: bool
    key: str | None = None
    learner_sourced_id: str | None = None
    course_sourced_id: str | None = None
    attempt: str | None = None
    grade: str | None = None
    outcome: str | None = None
    reason: str | None = None
    field: str | None = None
