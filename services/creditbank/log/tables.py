"""The public logs in the database. Written only by the functions of migration 0003; never altered."""

from datetime import datetime
from typing import Any

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, Identity, Index, LargeBinary, SmallInteger, text
from sqlmodel import Field

from services.creditbank.tables import Table, key


def _now() -> Any:
    return Field(default=None, nullable=False, sa_column_kwargs={"server_default": text("now()")})


class Log(Table, table=True):
    """One log: a year's. The newest takes the leaves; its first one stands for the last note before it."""

    number: int = Field(sa_type=SmallInteger, sa_column_args=[Identity(always=True)], primary_key=True)
    name: str = Field(unique=True, description="last part of its address")
    origin: str = Field(unique=True, description="first line of its checkpoints")
    begun_at: datetime = _now()
    leaves: int = Field(
        default=0, sa_type=BigInteger, sa_column_kwargs={"server_default": text("0")}, description="ordered"
    )
    succession: bytes | None = None


class LogKey(Table, table=True):
    """An Ed25519 key that signs a log's checkpoints, sealed; of a retired one the public half stays."""

    __tablename__ = "log_key"

    log: int = key(SmallInteger)
    public_key: bytes = Field(primary_key=True)
    sealed: bytes
    added_at: datetime = _now()
    retired_at: datetime | None = None


class LogPending(Table, table=True):
    """Commitments that wait for their leaves; a trigger on `entry` writes them in the posting transaction."""

    __tablename__ = "log_pending"

    position: int = Field(sa_type=BigInteger, sa_column_args=[Identity(always=True)], primary_key=True)
    leaves: int
    commitments: list[bytes] = Field(sa_type=ARRAY(LargeBinary))


class LogBlock(Table, table=True):
    """Leaves that got their places together, beginning with number `first`."""

    __tablename__ = "log_block"
    __table_args__ = (
        CheckConstraint("leaves = cardinality(commitments)", name="leaves"),
        Index("ix_log_block_sequenced_at", "sequenced_at"),
    )

    log: int = key(SmallInteger)
    first: int = key(BigInteger)
    leaves: int
    sequenced_at: datetime
    commitments: list[bytes] = Field(sa_type=ARRAY(LargeBinary))


class LogCheckpoint(Table, table=True):
    """A signed checkpoint; recorded here before anybody else sees it."""

    __tablename__ = "log_checkpoint"

    log: int = key(SmallInteger)
    size: int = key(BigInteger)
    signed_at: datetime = _now()
    root: bytes
    note: str
