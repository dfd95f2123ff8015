"""Transfers: what an institution was asked to count, and its word on each lot."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field

from services.creditbank.tables import Table, key, one_of, scheme_key
from services.creditbank.transfers.rules import STATES


class Transfer(Table, table=True):
    """One request to one institution. It moves no credits: it says whether they will count there."""

    __table_args__ = (
        CheckConstraint(one_of("state", STATES), name="state"),
        CheckConstraint("decided_by <> requested_by", name="maker_is_not_checker"),
        UniqueConstraint("learner", "key"),
        Index("ix_transfer_id", "id"),
        Index("ix_transfer_waiting", "institution", postgresql_where=text("state = 'requested'")),
    )

    learner: int = key(BigInteger)
    id: UUID = Field(primary_key=True)
    institution: UUID
    state: str = Field(default="requested", sa_column_kwargs={"server_default": "requested"})
    key: str
    payload_hash: UUID
    note: str | None = None
    requested_by: UUID
    requested_at: datetime = Field(
        default=None, nullable=False, sa_column_kwargs={"server_default": text("now()")}
    )
    decided_by: UUID | None = None
    decided_at: datetime | None = None


class TransferLot(Table, table=True):
    """A lot asked to be counted; `accepted` is null until decided, `outcome` what it counts as."""

    __tablename__ = "transfer_lot"
    __table_args__ = (
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("accepted between 0 and amount", name="accepted"),
        CheckConstraint("accepted > 0 or accepted is null or reason is not null", name="reason"),
        Index(
            "ix_transfer_lot_book_scheme_number",
            "book",
            "scheme",
            "number",
            postgresql_where=text("accepted > 0"),
        ),
    )

    learner: int = key(BigInteger)
    transfer: UUID = Field(primary_key=True)
    book: int = key(BigInteger)
    scheme: int = scheme_key()
    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    amount: int
    accepted: int | None = None
    outcome: UUID | None = None
    reason: str | None = None
