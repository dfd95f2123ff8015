"""Table of documents."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, Index, text
from sqlmodel import Field

from services.creditbank.tables import Table, one_of
from services.creditbank.xapi.documents.rules import KINDS


class XapiDocument(Table, table=True):
    """A document of activity state, of an agent or of an activity. Long names are told by SHA-256."""

    __tablename__ = "xapi_document"
    __table_args__ = (
        CheckConstraint(one_of("kind", KINDS), name="kind"),
        Index(
            "ix_xapi_document_organisation_agent",
            "organisation",
            "agent",
            postgresql_where=text("agent is not null"),
        ),
    )

    organisation: UUID = Field(primary_key=True)
    context: bytes = Field(primary_key=True, description="what the document belongs to")
    name: bytes = Field(primary_key=True)
    kind: str
    agent: bytes | None = None
    activity: str | None = None
    registration: UUID | None = None
    id: str
    content_type: str
    content: bytes
    etag: str
    modified_at: datetime = Field(
        sa_type=DateTime(timezone=True), sa_column_kwargs={"server_default": text("now()")}
    )
