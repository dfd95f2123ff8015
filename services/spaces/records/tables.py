"""What creditbank tells of people's records."""

from typing import Any
from uuid import UUID

from sqlalchemy import JSON, BigInteger
from sqlmodel import Field

from services.spaces.tables import Table


class RecordSummary(Table, table=True):
    """How much a person did by month, kind and subject: the newest version of what creditbank counts."""

    __tablename__ = "record_summary"

    person: UUID = Field(primary_key=True)
    version: int = Field(sa_type=BigInteger)
    summary: dict[str, Any] = Field(sa_type=JSON)
