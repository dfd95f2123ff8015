"""Tables of what learners brought from elsewhere."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    JSON,
    BigInteger,
    CheckConstraint,
    DateTime,
    Index,
    LargeBinary,
    String,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlmodel import Field

from services.creditbank.tables import Table, key, one_of
from services.creditbank.xapi.carrying.documents import RESOURCES


def _count() -> Any:
    return Field(default=0, sa_type=BigInteger, sa_column_kwargs={"server_default": text("0")})


class RecordImport(Table, table=True):
    """An export that a learner brought; `signed_by` is the known key that signed it, if there is one."""

    __tablename__ = "record_import"
    __table_args__ = (UniqueConstraint("learner", "digest"), Index("ix_record_import_store", "store"))

    id: UUID = Field(primary_key=True)
    learner: int = Field(sa_type=BigInteger)
    store: UUID
    digest: bytes
    address: str
    signed_by: str | None = None
    exported_at: str
    agents: list[str] = Field(sa_type=ARRAY(String()))
    statements: int = _count()
    refused: int = _count()
    credits: int = _count()
    documents: int = _count()
    begun_at: datetime = Field(
        sa_type=DateTime(timezone=True), sa_column_kwargs={"server_default": text("now()")}
    )
    ended_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))


class RecordImported(Table, table=True):
    """Which import a statement came with, and who vouched for it where it came from."""

    __tablename__ = "record_imported"

    store: UUID = key(Uuid)
    id: UUID = key(Uuid)
    import_: UUID = Field(sa_column_kwargs={"name": "import"})
    authority: dict[str, Any] | None = Field(default=None, sa_type=JSON)


class RecordImportedCredit(Table, table=True):
    """An entry of another bank's books, by its commitment, with what opens that."""

    __tablename__ = "record_imported_credit"

    store: UUID = key(Uuid)
    commitment: bytes = key(LargeBinary)
    import_: UUID = Field(sa_column_kwargs={"name": "import"})
    scheme: str
    document: dict[str, Any] = Field(sa_type=JSON)
    salt: bytes | None = None


class RecordImportedDocument(Table, table=True):
    """A document of an organisation elsewhere, by a digest of whose and which it is."""

    __tablename__ = "record_imported_document"
    __table_args__ = (CheckConstraint(one_of("kind", tuple(RESOURCES)), name="kind"),)

    store: UUID = key(Uuid)
    key: bytes = key(LargeBinary)
    import_: UUID = Field(sa_column_kwargs={"name": "import"})
    organisation: UUID
    kind: str
    agent: str
    activity: str | None = None
    registration: UUID | None = None
    id: str
    content_type: str
    content: bytes
    etag: str
    modified_at: datetime = Field(sa_type=DateTime(timezone=True))
