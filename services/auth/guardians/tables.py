"""Tables of guardians' consent and of invitations to become a guardian."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, Identity, Index, UniqueConstraint
from sqlmodel import Field

from services.auth.guardians.rules import DECISIONS, INVITATION_STATES
from services.auth.tables import Table, key, moment, one_of, reference


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


class GuardianInvitation(Table, table=True):
    """A code with which somebody becomes a child's guardian; a child of 14 or more must agree as well.

    open, then accepted by the invited person, then linked; or refused by one of both, or revoked.
    """

    __tablename__ = "guardian_invitation"
    __table_args__ = (
        CheckConstraint(one_of("state", INVITATION_STATES), name="state"),
        CheckConstraint("(state in ('accepted', 'linked')) <= (accepted_by is not null)", name="accepted"),
        UniqueConstraint("digest"),
        Index("ix_guardian_invitation_child_id", "child_id", "id"),
        Index("ix_guardian_invitation_accepted_by", "accepted_by"),
    )

    id: UUID = key()
    child_id: UUID = reference("person.id")
    relation: str
    invited_by: UUID = reference("person.id")
    digest: bytes
    state: str = Field(default="open", sa_column_kwargs={"server_default": "open"})
    created_at: datetime = moment()
    expires_at: datetime
    accepted_by: UUID | None = reference("person.id", nullable=True)
    accepted_at: datetime | None = None
    ended_at: datetime | None = None
