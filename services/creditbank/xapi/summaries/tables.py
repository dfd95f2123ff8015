"""Tables of what is counted of learners' statements."""

from typing import Any
from uuid import UUID

from sqlalchemy import JSON, BigInteger, CheckConstraint, Identity, SmallInteger, String, Uuid
from sqlmodel import Field

from services.creditbank.tables import Table, key


class RecordTally(Table, table=True):
    """How many statements an actor's key has: by month (axis 1), verb (2), subject (3)."""

    __tablename__ = "record_tally"
    __table_args__ = (CheckConstraint("axis in (1, 2, 3)", name="axis"),)

    actor: UUID = key(Uuid)
    axis: int = key(SmallInteger)
    bucket: str = key(String)
    statements: int = Field(sa_type=BigInteger)
    name: dict[str, Any] | None = Field(default=None, sa_type=JSON)


class RecordTallyPlace(Table, table=True):
    """Up to which position an organisation's statements are counted."""

    __tablename__ = "record_tally_place"

    organisation: UUID = key(Uuid)
    position: int = Field(sa_type=BigInteger)


class RecordNews(Table, table=True):
    """Whose summary is to be made anew."""

    __tablename__ = "record_news"

    position: int = Field(sa_type=BigInteger, sa_column_args=[Identity(always=True)], primary_key=True)
    learner: int = Field(sa_type=BigInteger)


class RecordSummary(Table, table=True):
    """What was last told of a learner."""

    __tablename__ = "record_summary"

    learner: int = key(BigInteger)
    version: int = Field(sa_type=BigInteger)
    summary: dict[str, Any] = Field(sa_type=JSON)
