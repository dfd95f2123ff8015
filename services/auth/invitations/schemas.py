"""Bodies of the invitations' interface."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from libs.common.fields import Line
from services.auth.accounts.schemas import Username
from services.auth.invitations.rules import State
from services.auth.people.schemas import Email, NewPerson

Relation = Annotated[Line, Field(max_length=60)]
Code = Annotated[str, StringConstraints(min_length=1, max_length=100)]


class PersonInvitation(NewPerson):
    """A person on no roster: with an e-mail address the code goes there, else it is shown."""

    username: Username | None = None


class InvitedPerson(BaseModel):
    """The person, and the code to hand over unless it went by mail; shown this once."""

    person: UUID
    code: str | None
    expires_at: datetime


class GuardianWish(BaseModel):
    """Who the invited person is to the child; with an address the invitation goes there."""

    model_config = ConfigDict(extra="forbid")

    relation: Relation
    email: Email | None = None


class GuardianInvitation(BaseModel):
    """The invitation, and the code to hand over unless it went by mail; shown this once."""

    id: UUID
    code: str | None
    expires_at: datetime


class WaitingInvitation(BaseModel):
    """An invitation without its code."""

    id: UUID
    relation: str
    state: State
    invited_by: UUID
    created_at: datetime
    expires_at: datetime


class WaitingInvitations(BaseModel):
    """Those that nobody has answered for good."""

    items: list[WaitingInvitation]


class InvitationAnswer(BaseModel):
    """The code, and whether one wants to be the child's guardian."""

    model_config = ConfigDict(extra="forbid")

    code: Code
    accept: bool


class InvitingChild(BaseModel):
    """Whose guardian one was asked to be."""

    person: UUID
    given_name: str
    family_name: str


class AnsweredInvitation(BaseModel):
    """`linked`: one is a guardian now; `accepted`: the child, who is 14 or older, has yet to agree."""

    state: State
    child: InvitingChild


class GuardianRequest(BaseModel):
    """Somebody who would be the caller's guardian."""

    id: UUID
    person: UUID
    given_name: str
    family_name: str
    relation: str
    accepted_at: datetime


class GuardianRequests(BaseModel):
    """Those the caller has yet to answer."""

    items: list[GuardianRequest]


class Agreement(BaseModel):
    """Whether the caller agrees."""

    model_config = ConfigDict(extra="forbid")

    agree: bool
