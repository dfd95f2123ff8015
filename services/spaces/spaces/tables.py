"""Spaces and who is in them."""

from uuid import UUID

from sqlalchemy import CheckConstraint, Text
from sqlmodel import Field

from services.spaces.organisations.rules import STATUSES
from services.spaces.spaces.rules import KINDS
from services.spaces.tables import Table, one_of


class Space(Table, table=True):
    """The space of one person, class or organisation, whose id it bears.

    So each has exactly one by the primary key; memberships can come before the space does; and a database
    rebuilt from events has the same addresses again.
    """

    __table_args__ = (
        CheckConstraint(one_of("kind", KINDS), name="space_kind"),
        CheckConstraint(one_of("status", STATUSES), name="space_status"),
    )

    id: UUID = Field(primary_key=True)
    kind: str = Field(sa_type=Text)
    title: str = Field(sa_type=Text)
    status: str = Field(sa_type=Text)
