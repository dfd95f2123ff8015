"""The books. Written only by functions of the database; the service's role may only read them.

Every row belongs to one learner and every key holds the learner's number, so the books can be cut by
learner. Columns stand in the order of their width, which saves a tenth of the bytes.
"""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Integer, SmallInteger, Text, text
from sqlmodel import Field

from services.creditbank.tables import Table, key, part, scheme_key

_NOT_NEGATIVE = "least(provisional, available, held, redeemed, converted, expired, revoked, moved) >= 0"
_PARTS = (
    "issued::bigint ="
    " provisional::bigint + available + held + redeemed + converted + expired + revoked + moved"
)
_DEPOSIT = "(amount is null) = (institution is null) and (amount is null or kind = 1 and amount > 0)"
_FALSE = {"server_default": text("false")}


class Account(Table, table=True):
    """One learner's book in one scheme: the sums of its lots and the head of its chain of entries.

    Its row is the lock under which the book is written.
    """

    __table_args__ = (
        CheckConstraint(_NOT_NEGATIVE, name="not_negative"),
        CheckConstraint("(sequence = 0) = (head is null)", name="head"),
    )

    learner: int = key(BigInteger)
    scheme: int = scheme_key()
    sequence: int = part(Integer)
    version: int = part(BigInteger)
    provisional: int = part(BigInteger)
    available: int = part(BigInteger)
    held: int = part(BigInteger)
    redeemed: int = part(BigInteger)
    converted: int = part(BigInteger)
    expired: int = part(BigInteger)
    revoked: int = part(BigInteger)
    opened_at: datetime = Field(
        default=None, nullable=False, sa_column_kwargs={"server_default": text("now()")}
    )
    person: UUID
    head: bytes | None = None
    moved: int = part(BigInteger)
    away: bool = Field(default=False, sa_column_kwargs=_FALSE, description="the books are at another node")
    arrived: bool = Field(default=False, sa_column_kwargs=_FALSE, description="some came from another node")


class Lot(Table, table=True):
    """Credits of one attempt at one outcome; `number` is the sequence of the entry that issued them.

    The parts always sum to what was issued: a credit is in one of these states, never in two.
    """

    __table_args__ = (
        CheckConstraint("issued > 0", name="issued"),
        CheckConstraint(_NOT_NEGATIVE, name="not_negative"),
        CheckConstraint(_PARTS, name="parts"),
        # Searched by its hash alone. The last is null for lots that are dead, of which there may be many.
        Index(
            "uq_lot_attempt",
            text("hashtextextended(attempt, uuid_hash_extended(issuer, 0))"),
            "learner",
            text("nullif(revoked < issued and moved = 0, false)"),
            unique=True,
            postgresql_where=text("attempt is not null"),
        ),
        Index("ix_lot_issuer_outcome", "issuer", "outcome"),
    )

    learner: int = key(BigInteger)
    issued: int
    provisional: int = part(Integer)
    available: int = part(Integer)
    held: int = part(Integer)
    redeemed: int = part(Integer)
    converted: int = part(Integer)
    expired: int = part(Integer)
    revoked: int = part(Integer)
    number: int = key(Integer)
    earned_on: date
    expires_on: date | None = None
    scheme: int = scheme_key()
    issuer: UUID
    outcome: UUID
    attempt: str | None = Field(default=None, sa_column=Column(Text(collation="C")))
    grade: str | None = None
    moved: int = part(Integer)


class ExpiringBook(Table, table=True):
    """A book with credits that expire after a day; gone when they have, until some are given back."""

    __tablename__ = "expiring_book"
    __table_args__ = (Index("ix_expiring_book_expires_on", "expires_on", "learner", "scheme"),)

    learner: int = key(BigInteger)
    expires_on: date = Field(primary_key=True)
    scheme: int = scheme_key()


class Entry(Table, table=True):
    """One line of a learner's book, for ever. Its commitment covers all of it and the entry before.

    A deposit's two postings are its amount: from the institution's contra account, to the lot of its number.
    """

    __table_args__ = (
        Index("uq_entry_key", "key_hash", "learner", unique=True),
        Index(
            "uq_entry_reverses",
            "learner",
            "scheme",
            "reverses",
            unique=True,
            postgresql_where=text("reverses is not null"),
        ),
        Index(
            "uq_entry_resolves",
            "learner",
            "scheme",
            "resolves",
            unique=True,
            postgresql_where=text("resolves is not null"),
        ),
        Index("ix_entry_batch", "batch"),
        CheckConstraint(_DEPOSIT, name="deposit"),
    )

    learner: int = key(BigInteger)
    recorded_at: datetime
    sequence: int = key(Integer)
    effective_on: date
    scheme: int = scheme_key()
    kind: int = Field(sa_type=SmallInteger)
    id: UUID
    batch: UUID
    reverses: int | None = None
    key_hash: UUID
    payload_hash: UUID
    commitment: bytes
    resolves: int | None = None
    amount: int | None = Field(default=None, description="what a deposit gives, in hundredths")
    institution: UUID | None = Field(default=None, description="which it takes that from")


class PostingLine(Table, table=True):
    """One side of an entry that is no deposit: in an institution's contra account, or in a lot.

    Those of an entry sum to nothing. The view `posting` has these and both sides of deposits.
    """

    __tablename__ = "posting_line"
    __table_args__ = (
        CheckConstraint("amount <> 0", name="amount"),
        CheckConstraint("(lot is null) <> (institution is null)", name="side"),
    )

    learner: int = key(BigInteger)
    amount: int = Field(sa_type=BigInteger)
    entry: int = key(Integer)
    lot: int | None = None
    scheme: int = scheme_key()
    line: int = key(SmallInteger)
    bucket: int = Field(sa_type=SmallInteger)
    institution: UUID | None = None


class DepositBatch(Table, table=True):
    """One call to post, and what became of its items. An institution's totals are sums over these."""

    __tablename__ = "deposit_batch"
    __table_args__ = (
        Index(
            "ix_deposit_batch_institution_scheme",
            "institution",
            "scheme",
            postgresql_include=["posted", "amount"],
        ),
        Index("ix_deposit_batch_institution_recorded_at", "institution", "recorded_at", "id"),
    )

    id: UUID = Field(primary_key=True)
    institution: UUID
    client: str
    recorded_at: datetime
    amount: int = Field(sa_type=BigInteger)
    posted: int
    replayed: int
    conflicts: int
    refused: int
    scheme: int = Field(sa_type=SmallInteger)


class Hold(Table, table=True):
    """Credits set aside until a time: placed by `entry`, ended by the one entry `resolved`."""

    __table_args__ = (
        Index("uq_hold_id", "learner", "id", unique=True),
        Index("ix_hold_until", "until", postgresql_where=text("resolved is null")),
    )

    learner: int = key(BigInteger)
    until: datetime
    entry: int = key(Integer)
    resolved: int | None = None
    scheme: int = scheme_key()
    id: UUID
    purpose: str


class Conversion(Table, table=True):
    """By which rule an entry took credits, and what it gave in another scheme."""

    __table_args__ = (
        CheckConstraint("least(spent, issued, numerator, denominator) > 0 and remainder >= 0", name="terms"),
        CheckConstraint("spent * numerator = issued * denominator + remainder", name="balance"),
    )

    learner: int = key(BigInteger)
    spent: int = Field(sa_type=BigInteger)
    issued: int = Field(sa_type=BigInteger)
    remainder: int = Field(sa_type=BigInteger)
    entry: int = key(Integer)
    numerator: int
    denominator: int
    scheme: int = scheme_key()
    target: int = Field(sa_type=SmallInteger)
    rule: UUID


class ConversionLot(Table, table=True):
    """Which lot a converted one was made of, and by which entry."""

    __tablename__ = "conversion_lot"
    __table_args__ = (Index("ix_conversion_lot_source", "learner", "source_scheme", "source_entry"),)

    learner: int = key(BigInteger)
    number: int = key(Integer)
    source_lot: int
    source_entry: int
    scheme: int = scheme_key()
    source_scheme: int = Field(sa_type=SmallInteger)


class AccountFreeze(Table, table=True):
    """A time in which nothing was spent from a book: after its entry `first`, up to its entry `last`."""

    __tablename__ = "account_freeze"
    __table_args__ = (
        CheckConstraint(
            "(ended_at is null) = (ended_by is null) and (ended_at is null) = (last is null)", name="end"
        ),
        CheckConstraint("ended_by <> begun_by", name="maker_is_not_checker"),
    )

    learner: int = key(BigInteger)
    begun_at: datetime
    ended_at: datetime | None = None
    first: int
    last: int | None = None
    scheme: int = scheme_key()
    id: UUID = Field(primary_key=True)
    begun_by: UUID
    ended_by: UUID | None = None
    reason: str
