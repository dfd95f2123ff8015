"""Who is in which space."""

from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, Text
from sqlmodel import Field

from services.spaces.memberships.rules import BASES
from services.spaces.tables import Table, one_of


class Membership(Table, table=True):
    """A person's role in the space of a class or organisation. Owners of personal spaces need no row."""

    __table_args__ = (
        CheckConstraint(one_of("basis", BASES), name="membership_basis"),
        Index("membership_person", "person", "role", "space"),
    )

    space: UUID = Field(primary_key=True)
    role: str = Field(primary_key=True, sa_type=Text)
    person: UUID = Field(primary_key=True)
    basis: str = Field(sa_type=Text)
    is_primary: bool
    begins_on: date | None
    ends_on: date | None
