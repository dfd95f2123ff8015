"""Recognition of prior learning: claims, what was offered for them, the lots they became."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, SmallInteger, UniqueConstraint, text
from sqlmodel import Field

from services.creditbank.recognition.rules import STATES
from services.creditbank.tables import Table, key, one_of

_TWO = "assessed_by <> requested_by and decided_by <> requested_by and decided_by <> assessed_by"


class Recognition(Table, table=True):
    """One learner's request to one institution."""

    __table_args__ = (
        CheckConstraint(one_of("state", STATES), name="state"),
        CheckConstraint(_TWO, name="maker_is_not_checker"),
        UniqueConstraint("learner", "key"),
        Index("ix_recognition_id", "id"),
        Index(
            "ix_recognition_waiting",
            "institution",
            postgresql_where=text("state in ('requested', 'assessed', 'offered')"),
        ),
    )

    learner: int = key(BigInteger)
    id: UUID = Field(primary_key=True)
    institution: UUID
    state: str = Field(default="requested", sa_column_kwargs={"server_default": "requested"})
    key: str
    payload_hash: UUID
    requested_by: UUID
    requested_at: datetime = Field(
        default=None, nullable=False, sa_column_kwargs={"server_default": text("now()")}
    )
    assessed_by: UUID | None = None
    assessed_at: datetime | None = None
    decided_by: UUID | None = None
    decided_at: datetime | None = None
    reason: str | None = None
    ended_at: datetime | None = None


class RecognitionItem(Table, table=True):
    """A claim; the offer for it, if there is one; and the lot it became."""

    __tablename__ = "recognition_item"
    __table_args__ = (
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("(amount is null) = (outcome is null)", name="offer"),
        Index(
            "ix_recognition_item_book_scheme_lot",
            "book",
            "scheme",
            "lot",
            postgresql_where=text("lot is not null"),
        ),
    )

    learner: int = key(BigInteger)
    recognition: UUID = Field(primary_key=True)
    number: int = key(SmallInteger)
    title: str
    evidence: str
    outcome: UUID | None = None
    scheme: int | None = Field(default=None, sa_type=SmallInteger)
    amount: int | None = None
    grade: str | None = None
    reason: str | None = None
    book: int | None = Field(default=None, sa_type=BigInteger)
    lot: int | None = None
