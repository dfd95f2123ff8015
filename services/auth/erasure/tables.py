"""The table of erasures."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field

from services.auth.tables import Table, key, moment, reference

_WAITING = text("cancelled_at is null and done_at is null")


class Erasure(Table, table=True):
    """That a person is to be forgotten: waiting, then cancelled or done. It holds ids and times only."""

    __table_args__ = (
        CheckConstraint("(cancelled_at is null) = (cancelled_by is null)", name="cancelled"),
        CheckConstraint("cancelled_at is null or done_at is null", name="ended"),
        Index("ix_erasure_person_id", "person_id", "id"),
        Index("uq_erasure_waiting", "person_id", unique=True, postgresql_where=_WAITING),
        Index("ix_erasure_due_at", "due_at", postgresql_where=_WAITING),
    )

    id: UUID = key()
    person_id: UUID = reference("person.id")
    asked_by: UUID = reference("person.id")
    asked_at: datetime = moment()
    due_at: datetime
    cancelled_by: UUID | None = Field(default=None, foreign_key="person.id")
    cancelled_at: datetime | None = None
    done_at: datetime | None = None
