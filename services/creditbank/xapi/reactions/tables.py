"""What rules have come to, the statements that meet their conditions, and the credits claimed by these."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    DateTime,
    Index,
    SmallInteger,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlmodel import Field

from services.creditbank.tables import Table, one_of
from services.creditbank.tables import key as key_part
from services.creditbank.xapi.reactions.rules import ACTS, STATES, STATUSES


def _moment(*, optional: bool = False) -> datetime:
    """A moment of the database's own clock."""
    default = {} if optional else {"server_default": text("now()")}
    found: datetime = Field(
        sa_type=DateTime(timezone=True), sa_column_kwargs={"nullable": optional, **default}
    )
    return found


def _no() -> bool:
    found: bool = Field(sa_column_kwargs={"server_default": text("false")})
    return found


class XapiReacting(Table, table=True):
    """An organisation whose rules react; `position` is up to where statements that void were looked at."""

    __tablename__ = "xapi_reacting"

    organisation: UUID = Field(primary_key=True)
    position: int = Field(sa_type=BigInteger, sa_column_kwargs={"server_default": text("0")})


class XapiReaction(Table, table=True):
    """An approved version of a rule; `position` is that of the last statement it has looked at."""

    __tablename__ = "xapi_reaction"
    __table_args__ = (
        CheckConstraint(one_of("status", STATUSES), name="status"),
        UniqueConstraint("organisation", "code", "version"),
    )

    rule: UUID = Field(primary_key=True)
    organisation: UUID
    code: str
    version: int
    status: str = Field(sa_column_kwargs={"server_default": text("'active'")})
    position: int = Field(sa_type=BigInteger)


class XapiReactionTerm(Table, table=True):
    """By which key statements are looked at for a condition: of their object, or of what it is within."""

    __tablename__ = "xapi_reaction_term"

    rule: UUID = Field(primary_key=True)
    condition: int = key_part(SmallInteger)
    key: UUID = key_part(Uuid)
    is_within: bool
    verbs: list[UUID] = Field(sa_type=ARRAY(Uuid()))


class XapiReactionMatch(Table, table=True):
    """A statement that meets a condition, until the credits are posted.

    While nobody knows whose it is, `agent` is the SHA-256 of who acts, and `person` whose account at auth it
    is. `day` is when it happened, by the rule's clock; `due` while somebody ought to look again.
    """

    __tablename__ = "xapi_reaction_match"
    __table_args__ = (
        Index("ix_xapi_reaction_match_agent", "agent", postgresql_where=text("agent is not null")),
        Index("ix_xapi_reaction_match_person", "person", postgresql_where=text("person is not null")),
        Index(
            "ix_xapi_reaction_match_learner_rule",
            "learner",
            "rule",
            postgresql_where=text("learner is not null"),
        ),
        Index("ix_xapi_reaction_match_organisation", "organisation", postgresql_where=text("due")),
    )

    rule: UUID = Field(primary_key=True)
    position: int = key_part(BigInteger)
    condition: int = key_part(SmallInteger)
    organisation: UUID
    day: date
    agent: bytes | None = None
    person: UUID | None = None
    learner: int | None = Field(default=None, sa_type=BigInteger)
    due: bool = _no()


class XapiClaim(Table, table=True):
    """Credits claimed for a learner by a rule, and what became of them; one for all versions of the rule.

    `voided_at` is when it was seen that a statement among the evidence is voided.
    """

    __tablename__ = "xapi_claim"
    __table_args__ = (
        CheckConstraint(one_of("state", STATES), name="state"),
        CheckConstraint("(state = 'posted') = (batch is not null)", name="batch"),
        UniqueConstraint("organisation", "code", "learner"),
        Index("ix_xapi_claim_organisation_id", "organisation", "id"),
        Index("ix_xapi_claim_learner", "learner"),
        Index("ix_xapi_claim_entry", "entry", postgresql_where=text("entry is not null")),
        Index("ix_xapi_claim_organisation", "organisation", postgresql_where=text("due")),
    )

    id: UUID = Field(primary_key=True)
    organisation: UUID
    code: str
    learner: int = Field(sa_type=BigInteger)
    rule: UUID
    state: str
    reason: str | None = None
    entry: UUID | None = None
    batch: UUID | None = None
    grade: str | None = None
    earned_on: date
    made_at: datetime = _moment()
    voided_at: datetime | None = _moment(optional=True)
    due: bool = _no()


class XapiEvidence(Table, table=True):
    """The statement by which a condition of a claim is met; `digest` is the SHA-256 of what was stored."""

    __tablename__ = "xapi_evidence"
    __table_args__ = (Index("ix_xapi_evidence_organisation_statement", "organisation", "statement"),)

    claim: UUID = Field(primary_key=True)
    condition: int = key_part(SmallInteger)
    organisation: UUID
    statement: UUID
    position: int = Field(sa_type=BigInteger)
    digest: bytes


class XapiReactionChange(Table, table=True):
    """Who paused or resumed a rule, or had claims tried again; never altered."""

    __tablename__ = "xapi_reaction_change"
    __table_args__ = (
        CheckConstraint(one_of("act", ACTS), name="act"),
        Index("ix_xapi_reaction_change_organisation_code", "organisation", "code"),
    )

    id: UUID = Field(primary_key=True)
    organisation: UUID
    code: str
    act: str
    by: UUID
    at: datetime = _moment()
