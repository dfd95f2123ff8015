"""Bodies of the clients' interface."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from libs.common.fields import Key, Line
from services.auth.clients.public_keys import MAX_KEYS
from services.auth.clients.rules import (
    LONGEST_OVERLAP_HOURS,
    USUAL_OVERLAP_HOURS,
    USUAL_SIGNATURE,
    ClientKind,
    ClientStatus,
    IdTokenAlgorithm,
)

Address = Annotated[str, Field(min_length=1, max_length=500)]
Addresses = Annotated[list[Address], Field(max_length=10)]
Scopes = Annotated[list[Key], Field(min_length=1, max_length=40)]


class Client(BaseModel):
    """A client of an organisation."""

    id: UUID
    client_id: str
    name: str
    kind: ClientKind
    organisation: UUID
    scopes: list[str] = Field(description="what it was registered for")
    withdrawn_scopes: list[str] = Field(description="those of them its organisation has no right to now")
    redirect_uris: list[str]
    post_logout_redirect_uris: list[str]
    id_token_alg: IdTokenAlgorithm
    needs_consent: bool
    authentication: Literal["secret", "private_key", "none"]
    status: ClientStatus
    created_at: datetime


class Secret(BaseModel):
    """A secret that works, of which only the digest is known."""

    id: UUID
    created_at: datetime
    expires_at: datetime | None


class PublicKey(BaseModel):
    """A key with which the client signs assertions."""

    kid: str
    alg: Literal["ES256", "RS256"]


class ClientDetails(Client):
    """A client with what it proves itself by."""

    secrets: list[Secret]
    public_keys: list[PublicKey]


class KeySet(BaseModel):
    """A JWK set (RFC 7517) of public keys: EC P-256 for ES256, RSA of 2048 to 4096 bits for RS256."""

    keys: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=MAX_KEYS)]


class NewClient(BaseModel):
    """A client to be registered: a machine, or an application in which people sign in."""

    model_config = ConfigDict(extra="forbid")

    organisation: UUID
    name: Line
    kind: ClientKind = "machine"
    scopes: Scopes
    redirect_uris: Addresses = []
    post_logout_redirect_uris: Addresses = []
    id_token_alg: IdTokenAlgorithm = USUAL_SIGNATURE
    needs_consent: bool = True
    public_keys: KeySet | None = Field(default=None, description="in place of a secret")


class RegisteredClient(ClientDetails):
    """A client just registered; a secret is shown this once and cannot be read again."""

    client_secret: str | None


class ClientChange(BaseModel):
    """What is to be different; what is left out stays as it is."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[Line, Field(default=None)]
    scopes: Annotated[Scopes, Field(default=None)]
    redirect_uris: Annotated[Addresses, Field(default=None)]
    post_logout_redirect_uris: Annotated[Addresses, Field(default=None)]
    id_token_alg: Annotated[IdTokenAlgorithm, Field(default=None)]
    needs_consent: Annotated[bool, Field(default=None)]
    public_keys: KeySet | None = Field(
        default=None,
        description="the only keys from now on, in place of secrets, which end after a day; null for none",
    )


class SecretWish(BaseModel):
    """How long the secrets of before work beside the new one."""

    model_config = ConfigDict(extra="forbid")

    others_end_in_hours: Annotated[int, Field(ge=0, le=LONGEST_OVERLAP_HOURS)] = USUAL_OVERLAP_HOURS


class NewSecret(Secret):
    """A new secret, shown this once."""

    client_secret: str
