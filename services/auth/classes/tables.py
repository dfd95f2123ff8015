"""Tables of terms, courses, classes and who is in them."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, Index, Text, UniqueConstraint, text
from sqlmodel import Field

from services.auth.classes.rules import CLASS_ROLES, STATUSES, TENURES
from services.auth.tables import Table, key, moment, one_of, reference, roster_source

_ACTIVE = {"server_default": "active"}
_EMPTY = {"server_default": "{}"}
_ZERO = {"server_default": "0"}


class AcademicSession(Table, table=True):
    """A term, semester, grading period or school year of one roster."""

    __tablename__ = "academic_session"
    __table_args__ = (
        CheckConstraint(one_of("status", STATUSES), name="status"),
        UniqueConstraint("source_id", "sourced_id"),
    )

    id: UUID = key()
    source_id: UUID = reference("roster_source.id")
    sourced_id: str
    type: str = Field(description="OneRoster's: gradingPeriod, semester, schoolYear, term")
    title: str
    starts_on: date
    ends_on: date
    parent_id: UUID | None = reference("academic_session.id", nullable=True)
    school_year: int | None = Field(default=None, description="the year in which it ends")
    status: str = Field(default="active", sa_column_kwargs=_ACTIVE)
    created_at: datetime = moment()


class Course(Table, table=True):
    """What is taught, apart from when and to whom."""

    __table_args__ = (
        CheckConstraint(one_of("status", STATUSES), name="status"),
        UniqueConstraint("source_id", "sourced_id"),
        Index("ix_course_organisation_id", "organisation_id"),
    )

    id: UUID = key()
    source_id: UUID | None = reference("roster_source.id", nullable=True)
    sourced_id: str | None = None
    organisation_id: UUID = reference("organisation.id")
    title: str
    code: str | None = None
    grades: list[str] = Field(default_factory=list, sa_type=ARRAY(Text), sa_column_kwargs=_EMPTY)
    subjects: list[str] = Field(default_factory=list, sa_type=ARRAY(Text), sa_column_kwargs=_EMPTY)
    status: str = Field(default="active", sa_column_kwargs=_ACTIVE)
    version: int = Field(default=0, sa_type=BigInteger, sa_column_kwargs=_ZERO)
    decided: list[str] = Field(default_factory=list, sa_type=ARRAY(Text), sa_column_kwargs=_EMPTY)
    created_at: datetime = moment()


class Class(Table, table=True):
    """A course taught in some terms at a school to some people."""

    __table_args__ = (
        CheckConstraint(one_of("status", STATUSES), name="status"),
        UniqueConstraint("source_id", "sourced_id"),
        Index("ix_class_school_id", "school_id", "title", "id"),
        Index("ix_class_course_id", "course_id"),
    )

    id: UUID = key()
    source_id: UUID | None = reference("roster_source.id", nullable=True)
    sourced_id: str | None = None
    school_id: UUID = reference("organisation.id")
    course_id: UUID | None = reference("course.id", nullable=True)
    title: str
    code: str | None = None
    type: str | None = Field(default=None, description="OneRoster's: homeroom or scheduled")
    location: str | None = None
    grades: list[str] = Field(default_factory=list, sa_type=ARRAY(Text), sa_column_kwargs=_EMPTY)
    subjects: list[str] = Field(default_factory=list, sa_type=ARRAY(Text), sa_column_kwargs=_EMPTY)
    periods: list[str] = Field(default_factory=list, sa_type=ARRAY(Text), sa_column_kwargs=_EMPTY)
    status: str = Field(default="active", sa_column_kwargs=_ACTIVE)
    version: int = Field(default=0, sa_type=BigInteger, sa_column_kwargs=_ZERO)
    decided: list[str] = Field(default_factory=list, sa_type=ARRAY(Text), sa_column_kwargs=_EMPTY)
    created_at: datetime = moment()


class ClassTerm(Table, table=True):
    """A class runs in an academic session."""

    __tablename__ = "class_term"

    class_id: UUID = reference("class.id", primary_key=True)
    academic_session_id: UUID = reference("academic_session.id", primary_key=True, index=True)


class Enrolment(Table, table=True):
    """A person in a class, in one of our roles; `roster_role` keeps the roster's own word."""

    __table_args__ = (
        CheckConstraint(one_of("role", CLASS_ROLES), name="role"),
        CheckConstraint(one_of("status", TENURES), name="status"),
        CheckConstraint("ended_by is null or ended_by in ('roster', 'hand')", name="ended_by"),
        CheckConstraint("(status = 'ended') = (ended_by is not null)", name="ended"),
        UniqueConstraint("source_id", "sourced_id"),
        Index("ix_enrolment_class_id", "class_id", "role"),
        Index("ix_enrolment_person_id", "person_id"),
    )

    id: UUID = key()
    source_id: UUID | None = roster_source()
    sourced_id: str | None = None
    class_id: UUID = reference("class.id")
    person_id: UUID = reference("person.id")
    role: str
    roster_role: str | None = None
    is_primary: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    begins_on: date | None = None
    ends_on: date | None = None
    status: str = Field(default="open", sa_column_kwargs={"server_default": "open"})
    ended_by: str | None = None
    ended_at: datetime | None = None
    created_at: datetime = moment()
