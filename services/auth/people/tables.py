"""Tables of people, their identifiers in rosters, their roles and their guardians."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, Computed, Index, Text, UniqueConstraint, text
from sqlmodel import Field

from services.auth.people.rules import ORIGINS, PERSON_STATUSES, ROLES, TENURES
from services.auth.tables import Table, key, moment, one_of, reference, roster_source


class Person(Table, table=True):
    """A human being, once and for life, whatever schools, names and systems come and go."""

    __table_args__ = (
        CheckConstraint(one_of("status", PERSON_STATUSES), name="status"),
        CheckConstraint("status = 'closed' or (merged_into is null and erased_at is null)", name="gone"),
        Index("ix_person_sort_key", "sort_key", "id"),
        Index("ix_person_merged_into", "merged_into", postgresql_where=text("merged_into is not null")),
        Index(
            "uq_person_master_identifier",
            "master_identifier",
            unique=True,
            postgresql_where=text("master_identifier is not null"),
        ),
        Index("ix_person_source_id", "source_id"),
        Index("ix_person_birth_date", "birth_date", postgresql_where=text("birth_date is not null")),
    )

    id: UUID = key()
    given_name: str
    family_name: str
    middle_name: str | None = None
    preferred_name: str | None = None
    email: str | None = None
    phone: str | None = None
    address: str | None = Field(default=None, description="as written on a letter, in one line")
    birth_date: date | None = None
    master_identifier: str | None = Field(
        default=None, description="one number for the person in all rosters"
    )
    sort_key: str | None = Field(  # generated, so that every writer sorts alike
        default=None,
        sa_type=Text,
        sa_column_args=[
            Computed("lower((((family_name)::text || ' '::text) || (given_name)::text))", persisted=True)
        ],
    )
    status: str = Field(default="active", sa_column_kwargs={"server_default": "active"})
    version: int = Field(default=0, sa_type=BigInteger, sa_column_kwargs={"server_default": "0"})
    decided: list[str] = Field(
        default_factory=list,
        sa_type=ARRAY(Text),
        sa_column_kwargs={"server_default": "{}"},
        description="fields fixed by hand, which no import overwrites",
    )
    source_id: UUID | None = roster_source()
    created_at: datetime = moment()
    merged_into: UUID | None = reference("person.id", nullable=True)
    erased_at: datetime | None = None


class PersonIdentifier(Table, table=True):
    """How one roster names a person; the roster's user name is only a proposal for the account's."""

    __tablename__ = "person_identifier"
    __table_args__ = (CheckConstraint(one_of("status", PERSON_STATUSES), name="status"),)

    source_id: UUID = roster_source(primary_key=True)
    sourced_id: str = Field(primary_key=True)
    person_id: UUID = reference("person.id", index=True)
    username: str | None = None
    status: str = Field(default="active", sa_column_kwargs={"server_default": "active"})
    enabled: bool = Field(
        default=True,
        sa_column_kwargs={"server_default": text("true")},
        description="false once this roster has disabled the account",
    )


class RoleAssignment(Table, table=True):
    """A role in an organisation. What a hand has ended (`ended_by`) no import opens again."""

    __tablename__ = "role_assignment"
    __table_args__ = (
        CheckConstraint(one_of("role", ROLES), name="role"),
        CheckConstraint(one_of("origin", ORIGINS), name="origin"),
        CheckConstraint(one_of("status", TENURES), name="status"),
        CheckConstraint(one_of("ended_by", ORIGINS, optional=True), name="ended_by"),
        CheckConstraint("(origin = 'roster') = (source_id is not null)", name="source"),
        CheckConstraint("(status = 'ended') = (ended_by is not null)", name="ended"),
        UniqueConstraint(
            "person_id", "organisation_id", "role", "source_id", postgresql_nulls_not_distinct=True
        ),
        Index("ix_role_assignment_organisation_id", "organisation_id", "role"),
        Index("ix_role_assignment_source_id", "source_id"),
    )

    id: UUID = key()
    person_id: UUID = reference("person.id")
    organisation_id: UUID = reference("organisation.id")
    role: str
    is_primary: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    begins_on: date | None = None
    ends_on: date | None = None
    origin: str
    source_id: UUID | None = roster_source()
    roster_role: str | None = Field(default=None, description="the role in the roster's own word")
    status: str = Field(default="open", sa_column_kwargs={"server_default": "open"})
    ended_by: str | None = None
    ended_at: datetime | None = None
    created_at: datetime = moment()


class Guardianship(Table, table=True):
    """Who cares for whom, told by a roster or by hand; ended by hand stays ended."""

    __table_args__ = (
        CheckConstraint(one_of("origin", ORIGINS), name="origin"),
        CheckConstraint(one_of("status", TENURES), name="status"),
        CheckConstraint(one_of("ended_by", ORIGINS, optional=True), name="ended_by"),
        CheckConstraint("(origin = 'roster') = (source_id is not null)", name="source"),
        CheckConstraint("(status = 'ended') = (ended_by is not null)", name="ended"),
        CheckConstraint("guardian_id <> child_id", name="two_people"),
        UniqueConstraint("child_id", "guardian_id", "source_id", postgresql_nulls_not_distinct=True),
        Index("ix_guardianship_guardian_id", "guardian_id"),
        Index("ix_guardianship_source_id", "source_id"),
    )

    id: UUID = key()
    guardian_id: UUID = reference("person.id")
    child_id: UUID = reference("person.id")
    relation: str
    origin: str
    source_id: UUID | None = roster_source()
    status: str = Field(default="open", sa_column_kwargs={"server_default": "open"})
    ended_by: str | None = None
    ended_at: datetime | None = None
    created_at: datetime = moment()
