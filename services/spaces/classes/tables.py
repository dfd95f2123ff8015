"""The local copy of classes; who is in them is the membership of their spaces."""

from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, Index, Text
from sqlalchemy.dialects.postgresql import JSON
from sqlmodel import Field

from services.spaces.organisations.rules import STATUSES
from services.spaces.tables import Table, one_of


class SchoolClass(Table, table=True):
    """A class as auth last told it."""

    __tablename__ = "school_class"
    __table_args__ = (
        CheckConstraint(one_of("status", STATUSES), name="school_class_status"),
        Index("school_class_school", "school"),
    )

    id: UUID = Field(primary_key=True)
    version: int = Field(sa_type=BigInteger)
    status: str = Field(sa_type=Text)
    title: str = Field(sa_type=Text)
    school: UUID
    course: UUID | None
    grades: list[str] = Field(sa_type=ARRAY(Text))
    subjects: list[str] = Field(sa_type=ARRAY(Text))
    terms: list[dict[str, Any]] = Field(sa_type=JSON)
    teachers: list[dict[str, Any]] = Field(
        sa_type=JSON, description="id, name, primary of each: read with every portfolio, changed seldom"
    )
