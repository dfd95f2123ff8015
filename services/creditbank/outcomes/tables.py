"""Outcomes: what credits are given for; courses are copies of auth's."""

from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index
from sqlmodel import Field

from services.creditbank.outcomes.rules import KINDS, STATUSES
from services.creditbank.tables import Table, one_of


class Outcome(Table, table=True):
    """A course, unit or certificate of an organisation."""

    __table_args__ = (
        CheckConstraint(one_of("status", STATUSES), name="status"),
        CheckConstraint(one_of("kind", KINDS), name="kind"),
        Index("ix_outcome_sourced_id_organisation", "sourced_id", "organisation"),
    )

    id: UUID = Field(primary_key=True)
    version: int = Field(sa_type=BigInteger)
    status: str
    kind: str = Field(default="course", sa_column_kwargs={"server_default": "course"})
    title: str
    code: str | None
    organisation: UUID
    sourced_id: str | None
    equivalence_group: UUID | None = Field(default=None, description="of these only one counts")
    parent: UUID | None = Field(default=None, description="counts instead of its parts, never beside them")
