"""The audit table; a trigger numbers and chains its rows, and the service's role may only add and read."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import JSON, BigInteger, CheckConstraint, Column, Index
from sqlmodel import Field

from services.auth.tables import Table, moment, one_of

ACTOR_KINDS = ("person", "client", "system")


class Audit(Table, table=True):
    """Who did what to whom. `hash` covers the row and the hash of the row before."""

    __table_args__ = (
        CheckConstraint(one_of("actor_kind", ACTOR_KINDS), name="actor_kind"),
        Index("ix_audit_organisation_id", "organisation_id", "position"),
        Index("ix_audit_subject_id", "subject_id", "position"),
    )

    position: int = Field(sa_type=BigInteger, primary_key=True, sa_column_kwargs={"autoincrement": False})
    time: datetime = moment()
    action: str
    actor_kind: str
    actor_id: UUID | None = None
    organisation_id: UUID | None = None
    subject_id: UUID | None = Field(default=None, description="the person concerned")
    data: dict[str, object] = Field(sa_column=Column(JSON, nullable=False))
    previous: bytes
    hash: bytes
