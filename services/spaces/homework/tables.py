"""Work handed in and returned. Attempts and returns are only ever added, so they are their own record."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, LargeBinary, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSON
from sqlmodel import Field

from services.spaces.tables import Table


class Submission(Table, table=True):
    """What a student makes of one homework. Whoever hands in or returns holds this row."""

    __table_args__ = (
        UniqueConstraint("post", "student", name="submission_post_student"),
        Index("submission_student", "student"),
    )

    id: UUID = Field(primary_key=True)
    post: UUID = Field(foreign_key="assignment.post")
    student: UUID


class SubmissionAttempt(Table, table=True):
    """Work as it was handed in once. `id` grows with time; whether it is late is decided then, for good."""

    __tablename__ = "submission_attempt"
    __table_args__ = (
        CheckConstraint("length(content_hash) = 32", name="submission_attempt_content_hash_length"),
        Index("submission_attempt_submission", "submission", "id"),
    )

    id: UUID = Field(primary_key=True)
    submission: UUID = Field(foreign_key="submission.id")
    text: str | None = Field(sa_type=Text)
    links: list[dict[str, Any]] = Field(sa_type=JSON)
    handed_in_at: datetime
    is_late: bool
    content_hash: bytes = Field(sa_type=LargeBinary, description="SHA-256 of text and links")


class SubmissionReturn(Table, table=True):
    """An attempt given back; the newest counts, earlier ones are the history of the mark, in hundredths."""

    __tablename__ = "submission_return"
    __table_args__ = (
        CheckConstraint("mark >= 0", name="submission_return_mark"),
        Index("submission_return_attempt", "attempt", "id"),
        Index("submission_return_teacher", "teacher"),
    )

    id: UUID = Field(primary_key=True)
    attempt: UUID = Field(foreign_key="submission_attempt.id")
    teacher: UUID
    mark: int | None = Field(sa_type=BigInteger)
    comment: str | None = Field(sa_type=Text)
    returned_at: datetime
