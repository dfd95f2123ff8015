"""Table of what was done with whole record stores."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, DateTime, Index, text
from sqlalchemy.dialects.postgresql import JSON
from sqlmodel import Field

from services.creditbank.tables import Table, one_of
from services.creditbank.xapi.operations.rules import KINDS


def _count() -> int:
    found: int = Field(default=0, sa_type=BigInteger, sa_column_kwargs={"server_default": text("0")})
    return found


class XapiOperation(Table, table=True):
    """An import, an export, a pruning, or the part of an erasure that an organisation's store had in it.

    `by` is a person, null for an operator or what auth told. `statements` came in, went out or were removed;
    in `renamed` ones of others somebody became nobody. A pruning goes on after `position`.
    """

    __tablename__ = "xapi_operation"
    __table_args__ = (
        CheckConstraint(one_of("kind", KINDS), name="kind"),
        Index("ix_xapi_operation_organisation_id", "organisation", "id"),
        Index(
            "ix_xapi_operation_pruning",
            "id",
            postgresql_where=text("kind = 'pruning' and ended_at is null"),
        ),
    )

    id: UUID = Field(primary_key=True)
    organisation: UUID
    kind: str
    by: UUID | None = None
    filters: str | None = Field(default=None, sa_type=JSON)
    agent: UUID | None = None
    statements: int = _count()
    refused: int = _count()
    kept: int = _count()
    renamed: int = _count()
    documents: int = _count()
    position: int = Field(default=-1, sa_type=BigInteger, sa_column_kwargs={"server_default": text("'-1'")})
    begun_at: datetime = Field(
        sa_type=DateTime(timezone=True), sa_column_kwargs={"server_default": text("now()")}
    )
    ended_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
