"""The table of invitations to become a guardian."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field

from services.auth.invitations.rules import STATES
from services.auth.tables import Table, key, moment, one_of, reference


class GuardianInvitation(Table, table=True):
    """A code with which somebody becomes a child's guardian; a child of 14 or more must agree as well.

    open, then accepted by the invited person, then linked; or refused by one of both, or revoked.
    """

    __tablename__ = "guardian_invitation"
    __table_args__ = (
        CheckConstraint(one_of("state", STATES), name="state"),
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
