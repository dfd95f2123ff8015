"""Ids that are no people of their own any more."""

from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field

from services.spaces.tables import Table


class RetiredPerson(Table, table=True):
    """An id that is no person of its own any more: another record's, the survivor's, or nobody's (erased)."""

    __tablename__ = "retired_person"
    __table_args__ = (Index("retired_person_survivor", "survivor"),)

    id: UUID = Field(primary_key=True)
    survivor: UUID | None
