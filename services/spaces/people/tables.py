"""The local copy of people, their open roles and their guardians."""

from datetime import date
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, Text
from sqlmodel import Field

from services.spaces.organisations.rules import STATUSES
from services.spaces.people.rules import CONSENTS
from services.spaces.tables import Table, one_of


class Person(Table, table=True):
    """A person as auth last told it; `name` is the real name as it is written in its language."""

    __table_args__ = (
        CheckConstraint(one_of("status", STATUSES), name="person_status"),
        CheckConstraint(one_of("consent", CONSENTS), name="person_consent"),
    )

    id: UUID = Field(primary_key=True)
    version: int = Field(sa_type=BigInteger)
    status: str = Field(sa_type=Text)
    given_name: str = Field(sa_type=Text)
    family_name: str = Field(sa_type=Text)
    preferred_name: str | None = Field(sa_type=Text)
    name: str = Field(sa_type=Text)
    consent: str = Field(
        default="not-needed", sa_type=Text, sa_column_kwargs={"server_default": "not-needed"}
    )


class PersonRole(Table, table=True):
    """A role that a person holds in an organisation now."""

    __tablename__ = "person_role"
    __table_args__ = (Index("person_role_organisation", "organisation"),)

    person: UUID = Field(primary_key=True)
    organisation: UUID = Field(primary_key=True)
    role: str = Field(primary_key=True, sa_type=Text)
    is_primary: bool
    begins_on: date | None
    ends_on: date | None


class GuardianLink(Table, table=True):
    """Who is guardian of whom."""

    __tablename__ = "guardian_link"
    __table_args__ = (Index("guardian_link_guardian", "guardian", "child"),)

    child: UUID = Field(primary_key=True)
    guardian: UUID = Field(primary_key=True)
    relation: str = Field(sa_type=Text)
