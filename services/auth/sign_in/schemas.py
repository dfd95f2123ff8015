"""Bodies of signing in."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from services.auth.accounts.schemas import Password, Username


class Credentials(BaseModel):
    """User name and password."""

    model_config = ConfigDict(extra="forbid")

    username: Username
    password: Password


class OpenedSession(BaseModel):
    """The session that began; the person ends it by its id."""

    id: UUID
    expires_at: datetime


class SignedInPerson(BaseModel):
    """Who signed in."""

    id: UUID
    username: str
    given_name: str
    family_name: str
    preferred_name: str | None


class SignInAnswer(BaseModel):
    """An access token for all services, its life in seconds, and whose it is."""

    access_token: str
    token_type: Literal["Bearer"]
    expires_in: int
    scope: str
    session: OpenedSession
    person: SignedInPerson
