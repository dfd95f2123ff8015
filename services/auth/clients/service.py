"""Use cases of clients: proving oneself, being registered, being suspended."""

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from libs.common.ids import new_id
from libs.common.problems import NotFound
from services.auth.actors import Actor
from services.auth.audit.service import remember
from services.auth.authority import service as authority
from services.auth.clients import repository
from services.auth.clients.finding import ClientFinder
from services.auth.clients.problems import ScopeNotForInstitutions
from services.auth.clients.rules import INSTITUTION_SCOPES, ClientStatus
from services.auth.organisations.problems import OrganisationClosed
from services.auth.sql import Where

__all__ = [
    "Authenticated",
    "ClientFinder",
    "authenticate",
    "digest_of",
    "ensure",
    "register",
    "set_status",
]

_NOTHING: Final = bytes(32)


@dataclass(frozen=True, slots=True)
class Authenticated:
    """A client that has proved itself."""

    id: UUID
    client_id: str
    organisation_id: UUID | None
    scopes: frozenset[str]


def digest_of(secret: str) -> bytes:
    """How a secret is stored: it is random, so one SHA-256 is enough."""
    return hashlib.sha256(secret.encode()).digest()


async def authenticate(finder: ClientFinder, client_id: str, secret: str) -> Authenticated | None:
    """The client of this name if the secret is one of its own; compared in constant time.

    Suspended clients, and those of closed organisations, are like unknown ones.
    """
    row = await finder.find_active(client_id)
    offered = digest_of(secret)
    stored = row["digests"] if row is not None and row["digests"] else [_NOTHING]
    matches = [hmac.compare_digest(offered, digest) for digest in stored]
    if row is None or not any(matches):
        return None
    return Authenticated(row["id"], row["client_id"], row["organisation_id"], frozenset(row["scopes"]))


async def register(
    session: Where, actor: Actor, *, organisation: UUID, name: str, scopes: Sequence[str]
) -> tuple[UUID, str]:
    """A client of an organisation the actor administers: its id, and the secret that is shown this once."""
    standing = await authority.require_charge(session, actor, organisation)
    if not set(scopes) <= INSTITUTION_SCOPES:
        raise ScopeNotForInstitutions(possible=", ".join(sorted(INSTITUTION_SCOPES)))
    if standing.status == "closed":
        raise OrganisationClosed
    identifier, secret = new_id(), secrets.token_urlsafe(32)
    client = await repository.upsert(
        session, identifier, identifier.hex, name, organisation, sorted(set(scopes))
    )
    await repository.set_secret(session, client, digest_of(secret))
    await remember(
        session, actor, "client.registered", organisation=organisation, client=client, scopes=sorted(scopes)
    )
    return client, secret


async def ensure(
    session: Where,
    *,
    client_id: str,
    name: str,
    secret: str,
    scopes: Sequence[str],
    organisation: UUID | None,
) -> UUID:
    """A client the operator sets up, with any scopes; brought up to date if it exists. Not for routes."""
    client = await repository.upsert(session, new_id(), client_id, name, organisation, sorted(set(scopes)))
    await repository.set_secret(session, client, digest_of(secret))
    return client


async def set_status(session: Where, actor: Actor, client: UUID, status: ClientStatus) -> None:
    """Suspend or resume a client of an organisation the actor administers.

    It gets no token from then on; those it has end within their life.
    """
    found = await repository.organisation_of(session, client)
    if found is None:
        raise NotFound
    await authority.require_charge(session, actor, found["organisation_id"])
    if found["status"] == status:
        return
    await repository.set_status(session, client, status)
    await remember(
        session,
        actor,
        "client.suspended" if status == "suspended" else "client.resumed",
        organisation=found["organisation_id"],
        client=client,
    )
