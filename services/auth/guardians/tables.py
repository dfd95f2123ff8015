"""The table of guardians' consent."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, Identity, Index
from sqlmodel import Field

from services.auth.guardians.rules import DECISIONS
from services.auth.tables import Table, moment, one_of, reference


class GuardianConsent(Table, table=True):
    """What a guardian decided for a child, when and on which text; rows are added, never changed."""

    __tablename__ = "guardian_consent"
    __table_args__ = (
        CheckConstraint(one_of("decision", DECISIONS), name="decision"),
        Index("ix_guardian_consent_child_id", "child_id", "guardian_id", "position"),
        Index("ix_guardian_consent_guardian_id", "guardian_id"),
    )

    position: int = Field(sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    child_id: UUID = reference("person.id")
    guardian_id: UUID = reference("person.id")
    decision: str
    text_version: str
    decided_at: datetime = moment()
