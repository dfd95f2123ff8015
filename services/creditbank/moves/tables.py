"""Moves between bank nodes. Written only by functions of the database, as the books are."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import JSON, BigInteger, CheckConstraint, Column, Index, Text, text
from sqlmodel import Field

from services.creditbank.moves.rules import STATES
from services.creditbank.tables import Table, key, one_of, scheme_key

_FALSE = {"server_default": text("false")}


class Departure(Table, table=True):
    """A move out of this node. `learner` is in whose name the books were read when it began."""

    __table_args__ = (
        CheckConstraint(one_of("state", STATES), name="state"),
        CheckConstraint("(state = 'open') = (ended_at is null)", name="end"),
        Index("uq_departure_open", "learner", unique=True, postgresql_where=text("state = 'open'")),
        Index("ix_departure_id", "id"),
        Index("ix_departure_requested_at", "requested_at", postgresql_where=text("state = 'open'")),
    )

    learner: int = key(BigInteger)
    requested_at: datetime
    ended_at: datetime | None = None
    tried_at: datetime | None = None
    tries: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    id: UUID = Field(primary_key=True)
    requested_by: UUID
    follows: bool = Field(description="of what came free after the learner had moved")
    withdrawn: bool = Field(default=False, sa_column_kwargs=_FALSE)
    state: str = Field(default="open", sa_column_kwargs={"server_default": "open"})
    destination: str
    digest: bytes
    statement: str | None = Field(default=None, description="canonical JSON; null once the learner is erased")
    reason: str | None = Field(default=None, description="why it returned")
    trouble: str | None = Field(default=None, description="why it is not taken in yet")


class DepartureBook(Table, table=True):
    """The entry by which the credits of one book left."""

    __tablename__ = "departure_book"
    __table_args__ = (Index("ix_departure_book_move", "move"),)

    learner: int = key(BigInteger)
    entry: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    scheme: int = scheme_key()
    move: UUID
    destination: str
    digest: bytes


class Arrival(Table, table=True):
    """A move to this node: what the other one stated, and what proves it."""

    __table_args__ = (Index("ix_arrival_id", "id"),)

    learner: int = key(BigInteger)
    arrived_at: datetime
    id: UUID = Field(primary_key=True)
    follows: bool
    origin: str
    digest: bytes
    statement: str | None = None
    evidence: bytes | None = Field(default=None, sa_type=JSON)


class ArrivalLot(Table, table=True):
    """Where a lot was before it came by a move, and how much of it had been used there, in hundredths."""

    __tablename__ = "arrival_lot"
    __table_args__ = (Index("ix_arrival_lot_move", "move"),)

    learner: int = key(BigInteger)
    used: int = Field(sa_type=BigInteger)
    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    source_lot: int
    scheme: int = scheme_key()
    move: UUID
    key_hash: UUID
    payload_hash: UUID
    digest: bytes
    origin: str


class RefusedArrival(Table, table=True):
    """A move that is never taken in. It names nobody and belongs to no learner."""

    __tablename__ = "refused_arrival"

    id: UUID = Field(primary_key=True)
    refused_at: datetime = Field(
        default=None, nullable=False, sa_column_kwargs={"server_default": text("now()")}
    )
    origin: str = Field(primary_key=True)
    reason: str


class SpentElsewhere(Table, table=True):
    """A deposit that was used up, wholly or in part, at the node its learner came from."""

    __tablename__ = "spent_elsewhere"
    __table_args__ = (
        Index(
            "ix_spent_elsewhere_attempt",
            "learner",
            "issuer",
            "attempt",
            postgresql_where=text("attempt is not null and is_live"),
        ),
    )

    learner: int = key(BigInteger)
    key_hash: UUID = Field(primary_key=True)
    payload_hash: UUID
    entry: UUID
    issuer: UUID
    is_live: bool
    attempt: str | None = Field(default=None, sa_column=Column(Text(collation="C")))
