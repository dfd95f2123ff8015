"""Cases, the evidence, decisions and remedies in them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    Index,
    SmallInteger,
    String,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlmodel import Field

from services.creditbank.cases.rules import ABOUT, OUTCOMES, REMEDIES, SIDES, STATES
from services.creditbank.tables import Table, key, one_of

_ENTRY = (
    "(about = 'entry') = (entry is not null) and (entry is null) = (book is null)"
    " and (entry is null) = (scheme is null)"
)
_APPEAL = "(appealed_at is null) = (appealed_by is null) and (appealed_at is null) = (appeal_reasons is null)"


class Case(Table, table=True):
    """What somebody holds to be wrong. `makers` made or decided what it is about; they do not decide it."""

    __tablename__ = "learner_case"
    __table_args__ = (
        CheckConstraint(one_of("about", ABOUT), name="about"),
        CheckConstraint(one_of("side", SIDES), name="side"),
        CheckConstraint(one_of("state", STATES), name="state"),
        CheckConstraint(_ENTRY, name="entry"),
        CheckConstraint(_APPEAL, name="appeal"),
        UniqueConstraint("learner", "key"),
        Index(
            "uq_learner_case_subject",
            "learner",
            "about",
            "subject",
            unique=True,
            postgresql_where=text("state <> 'withdrawn'"),
        ),
        Index("ix_learner_case_id", "id"),
        Index("ix_learner_case_institution_id", "institution", "id"),
        Index("ix_learner_case_guardian", "opened_by", postgresql_where=text("side = 'guardian'")),
        Index("ix_learner_case_appealed_by", "appealed_by", postgresql_where=text("appealed_by is not null")),
        Index(
            "ix_learner_case_waiting",
            "institution",
            postgresql_where=text("state in ('opened', 'evidence', 'appealed')"),
        ),
    )

    learner: int = key(BigInteger)
    book: int | None = Field(default=None, sa_type=BigInteger)
    opened_at: datetime = Field(
        default=None, nullable=False, sa_column_kwargs={"server_default": text("now()")}
    )
    due_at: datetime
    appealed_at: datetime | None = None
    version: int = Field(default=1, sa_column_kwargs={"server_default": text("1")})
    entry: int | None = None
    scheme: int | None = Field(default=None, sa_type=SmallInteger)
    id: UUID = Field(primary_key=True)
    institution: UUID
    subject: UUID
    payload_hash: UUID
    opened_by: UUID
    appealed_by: UUID | None = None
    about: str
    side: str
    state: str = Field(default="opened", sa_column_kwargs={"server_default": "opened"})
    key: str
    claim: str
    appeal_reasons: str | None = None
    makers: list[UUID] = Field(sa_type=ARRAY(Uuid))


class CaseEvidence(Table, table=True):
    """What one side brings forward."""

    __tablename__ = "case_evidence"
    __table_args__ = (
        CheckConstraint(one_of("side", SIDES), name="side"),
        Index("ix_case_evidence_guardian", "added_by", postgresql_where=text("side = 'guardian'")),
    )

    learner: int = key(BigInteger)
    added_at: datetime = Field(
        default=None, nullable=False, sa_column_kwargs={"server_default": text("now()")}
    )
    number: int = key(SmallInteger)
    case_id: UUID = Field(primary_key=True)
    added_by: UUID
    side: str
    text: str
    links: list[str] = Field(sa_type=ARRAY(String))


class CaseDecision(Table, table=True):
    """The decision of the institution, level 1, or on the appeal, level 2."""

    __tablename__ = "case_decision"
    __table_args__ = (
        CheckConstraint("level in (1, 2)", name="level"),
        CheckConstraint(one_of("outcome", OUTCOMES), name="outcome"),
        CheckConstraint("(level = 1) = (appeal_until is not null)", name="appeal"),
    )

    learner: int = key(BigInteger)
    decided_at: datetime = Field(
        default=None, nullable=False, sa_column_kwargs={"server_default": text("now()")}
    )
    appeal_until: datetime | None = None
    level: int = key(SmallInteger)
    case_id: UUID = Field(primary_key=True)
    decided_by: UUID
    outcome: str
    reasons: str


class CaseRemedy(Table, table=True):
    """What puts right what was upheld, by its kind and id; `book` is the learner under whom it stands."""

    __tablename__ = "case_remedy"
    __table_args__ = (CheckConstraint(one_of("kind", REMEDIES), name="kind"),)

    learner: int = key(BigInteger)
    book: int = Field(sa_type=BigInteger)
    added_at: datetime = Field(
        default=None, nullable=False, sa_column_kwargs={"server_default": text("now()")}
    )
    case_id: UUID = Field(primary_key=True)
    remedy: UUID = Field(primary_key=True)
    added_by: UUID
    kind: str = Field(primary_key=True)
