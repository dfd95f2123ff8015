"""Table of who read learners' records."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Date, Index, String, Uuid
from sqlmodel import Field

from services.creditbank.tables import Table, key, one_of
from services.creditbank.xapi.readings.rules import READER_KINDS, WHATS


class RecordReading(Table, table=True):
    """How often somebody read in one way, on one day in UTC, what is about one agent, or a whole store."""

    __tablename__ = "record_reading"
    __table_args__ = (
        CheckConstraint(one_of("reader_kind", READER_KINDS), name="reader_kind"),
        CheckConstraint(one_of("what", WHATS), name="what"),
        Index("ix_record_reading_day", "day"),
    )

    organisation: UUID = key(Uuid)
    subject: UUID = key(Uuid)
    day: date = key(Date)
    reader_kind: str = key(String)
    reader: UUID = key(Uuid)
    what: str = key(String)
    times: int = Field(sa_type=BigInteger)
    statements: int = Field(sa_type=BigInteger)
    first_at: datetime
    last_at: datetime
