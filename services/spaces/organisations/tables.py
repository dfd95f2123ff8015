"""The local copy of organisations."""

from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, Index, Text, Uuid
from sqlmodel import Field

from services.spaces.organisations.rules import STATUSES
from services.spaces.tables import Table, one_of


class Organisation(Table, table=True):
    """An organisation as auth last told it, with the institution that a department belongs to."""

    __table_args__ = (
        CheckConstraint(one_of("status", STATUSES), name="organisation_status"),
        Index("organisation_line", "ancestors", postgresql_using="gin"),
    )

    id: UUID = Field(primary_key=True)
    version: int = Field(sa_type=BigInteger)
    status: str = Field(sa_type=Text)
    type: str = Field(sa_type=Text)
    name: str = Field(sa_type=Text)
    ancestors: list[UUID] = Field(sa_type=ARRAY(Uuid), description="root first, itself last")
    institution: UUID = Field(description="the nearest one upwards that is no department")
