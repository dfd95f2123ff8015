"""The table of rules, a reference table that every shard holds."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, Index, SmallInteger, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSON
from sqlmodel import Field

from services.creditbank.rulebook.rules import KINDS, STATES
from services.creditbank.tables import Table, one_of


class Rule(Table, table=True):
    """One version of the rules of a conversion, a programme or a reaction. What it says never changes."""

    __table_args__ = (
        CheckConstraint(one_of("kind", KINDS), name="kind"),
        CheckConstraint(one_of("state", STATES), name="state"),
        CheckConstraint("decided_by <> made_by", name="maker_is_not_checker"),
        CheckConstraint("effective_until >= effective_from", name="effective"),
        CheckConstraint("(kind = 'conversion') = (target is not null)", name="target"),
        UniqueConstraint("institution", "kind", "code", "version"),
        Index("ix_rule_draft", "institution", postgresql_where=text("state = 'draft'")),
    )

    id: UUID = Field(primary_key=True)
    institution: UUID
    kind: str
    code: str
    version: int
    title_en: str
    title_zh: str
    scheme: int = Field(sa_type=SmallInteger)
    target: int | None = Field(default=None, sa_type=SmallInteger)
    document: bytes = Field(sa_column=Column(JSON, nullable=False))
    effective_from: date
    effective_until: date | None = None
    state: str = Field(default="draft", sa_column_kwargs={"server_default": "draft"})
    made_by: UUID
    made_at: datetime = Field(
        default=None, nullable=False, sa_column_kwargs={"server_default": text("now()")}
    )
    decided_by: UUID | None = None
    decided_at: datetime | None = None
    reason: str | None = None
