"""Bodies of the clients' interface."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from libs.common.fields import Key, Line
from services.auth.clients.rules import ClientStatus


class Client(BaseModel):
    """A machine client of an organisation."""

    id: UUID
    client_id: str
    name: str
    organisation: UUID
    scopes: list[str]
    status: ClientStatus
    created_at: datetime


class NewClient(BaseModel):
    """A client to be registered."""

    model_config = ConfigDict(extra="forbid")

    organisation: UUID
    name: Line
    scopes: Annotated[list[Key], Field(min_length=1, max_length=10)]


class RegisteredClient(Client):
    """A client just registered; the secret is shown this once and cannot be read again."""

    client_secret: str
