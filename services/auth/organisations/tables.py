"""Tables of the organisation tree and of the rosters that speak for parts of it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlmodel import Field

from services.auth.organisations.rules import STATUSES, TYPES
from services.auth.tables import Table, key, moment, one_of, reference


class Organisation(Table, table=True):
    """A node of the tree; `ancestors` is the path from the root down to and including the node itself."""

    __table_args__ = (
        CheckConstraint(one_of("type", TYPES), name="type"),
        CheckConstraint(one_of("status", STATUSES), name="status"),
        CheckConstraint("ancestors[cardinality(ancestors)] = id", name="path"),
        UniqueConstraint("source_id", "sourced_id"),
        Index("ix_organisation_ancestors", "ancestors", postgresql_using="gin"),
        Index("ix_organisation_parent_id", "parent_id", "name", "id"),
        Index(
            "uq_organisation_root", "name", "type", unique=True, postgresql_where=text("parent_id is null")
        ),
    )

    id: UUID = key()
    type: str
    name: str
    parent_id: UUID | None = reference("organisation.id", nullable=True)
    ancestors: list[UUID] = Field(sa_type=ARRAY(Uuid))
    identifier: str | None = Field(default=None, description="the number the outside world knows it by")
    status: str = Field(default="active", sa_column_kwargs={"server_default": "active"})
    version: int = Field(default=0, sa_type=BigInteger, sa_column_kwargs={"server_default": "0"})
    decided: list[str] = Field(
        default_factory=list,
        sa_type=ARRAY(Text),
        sa_column_kwargs={"server_default": "{}"},
        description="fields fixed by hand, which no import overwrites",
    )
    source_id: UUID | None = Field(  # the other way round than roster_source.anchor_id, hence use_alter
        default=None,
        sa_type=Uuid,
        sa_column_args=[
            ForeignKey("roster_source.id", name="fk_organisation_source_id", use_alter=True),
        ],
    )
    sourced_id: str | None = None
    created_at: datetime = moment()


class RosterSource(Table, table=True):
    """A system that sends rosters for the part of the tree below its anchor organisation."""

    __tablename__ = "roster_source"
    __table_args__ = (UniqueConstraint("anchor_id", "name"),)

    id: UUID = key()
    anchor_id: UUID = Field(foreign_key="organisation.id")
    name: str
    created_at: datetime = moment()
