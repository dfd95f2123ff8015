"""Tables of roster imports: the job, its upload, its findings, and what names its rows elsewhere."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, LargeBinary
from sqlalchemy.dialects.postgresql import JSON
from sqlmodel import Field

from services.auth.rosters.rules import STATES
from services.auth.tables import Table, key, moment, one_of, reference, roster_source


class RosterImport(Table, table=True):
    """One set given to us: who asked, how far it is, and what came of it."""

    __tablename__ = "roster_import"
    __table_args__ = (
        CheckConstraint(one_of("state", STATES), name="state"),
        Index("ix_roster_import_organisation_id", "organisation_id", "id"),
        Index("ix_roster_import_state", "state"),
    )

    id: UUID = key()
    organisation_id: UUID = reference("organisation.id")
    source_name: str
    requested_by_kind: str
    requested_by: UUID | None = None
    dry_run: bool
    allow_large_closure: bool
    file_name: str
    size_bytes: int = Field(sa_type=BigInteger)
    state: str = Field(default="queued", sa_column_kwargs={"server_default": "queued"})
    stage: str | None = Field(default=None, description="what is being done: a file's name or a step")
    done: int = Field(default=0, sa_type=BigInteger, sa_column_kwargs={"server_default": "0"})
    total: int = Field(default=0, sa_type=BigInteger, sa_column_kwargs={"server_default": "0"})
    attempts: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    dialect: str | None = None
    counts: bytes | None = Field(default=None, sa_type=JSON)
    finding_counts: bytes | None = Field(default=None, sa_type=JSON)
    created_at: datetime = moment()
    started_at: datetime | None = None
    ended_at: datetime | None = None


class RosterUpload(Table, table=True):
    """A megabyte of an upload; the pieces go as soon as the import has ended."""

    __tablename__ = "roster_upload"

    import_id: UUID = Field(foreign_key="roster_import.id", primary_key=True)
    piece: int = Field(primary_key=True)
    content: bytes = Field(sa_type=LargeBinary)


class RosterFinding(Table, table=True):
    """One thing said about a place in a set; its words are chosen when it is read."""

    __tablename__ = "roster_finding"

    import_id: UUID = Field(foreign_key="roster_import.id", primary_key=True)
    position: int = Field(primary_key=True)
    code: str
    severity: str
    file: str | None = None
    row: int | None = Field(default=None, description="the line on which the row begins; the header is 1")
    field: str | None = None
    value: str | None = None
    values: bytes = Field(sa_type=JSON)


class RosterOrganisation(Table, table=True):
    """A roster's name for an organisation that was made by hand, which the roster never writes."""

    __tablename__ = "roster_organisation"

    source_id: UUID = reference("roster_source.id", primary_key=True)
    sourced_id: str = Field(primary_key=True)
    organisation_id: UUID = reference("organisation.id")


class RosterRole(Table, table=True):
    """A roster's name for a role, so that a delta may remove it; several may stand for one assignment."""

    __tablename__ = "roster_role"

    source_id: UUID = roster_source(primary_key=True)
    sourced_id: str = Field(primary_key=True)
    assignment_id: UUID
