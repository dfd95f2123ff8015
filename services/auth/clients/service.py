"""Use cases of clients: proving oneself, being registered, being suspended."""

import secrets
from collections.abc import Sequence
from uuid import UUID

from libs.common.ids import new_id
from libs.common.problems import NotFound
from services.auth.actors import Actor
from services.auth.audit.service import remember
from services.auth.authority import service as authority
from services.auth.clients import repository
from services.auth.clients.authentication import Client, authenticate, digest_of, find
from services.auth.clients.finding import ClientFinder
from services.auth.clients.problems import ScopeNotForInstitutions
from services.auth.clients.rules import INSTITUTION_SCOPES, ClientRefused, ClientStatus
from services.auth.organisations.problems import OrganisationClosed
from services.auth.sql import Where

__all__ = [
    "Client",
    "ClientFinder",
    "ClientRefused",
    "authenticate",
    "digest_of",
    "ensure",
    "find",
    "register",
    "set_status",
]


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
