"""Use cases of clients: being registered, changed and suspended, and getting secrets.

How a client proves itself is in `authentication`; other slices find that here too.
"""

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from libs.common.ids import new_id
from libs.common.problems import NotFound
from services.auth.actors import Actor
from services.auth.audit.service import remember
from services.auth.authority import service as authority
from services.auth.clients import repository
from services.auth.clients.authentication import Client, authenticate, digest_of, find
from services.auth.clients.finding import ClientFinder
from services.auth.clients.problems import ClientHasKeys, ClientKeepsNoSecret, TooManySecrets
from services.auth.clients.registering import require_permitted, require_possible, usable_keys
from services.auth.clients.rules import (
    CONFIDENTIAL,
    MOST_SECRETS,
    USUAL_OVERLAP_HOURS,
    ClientRefused,
    ClientStatus,
    Wish,
    origin_key,
    origins,
)
from services.auth.organisations.problems import OrganisationClosed
from services.auth.revocations import service as revocations
from services.auth.sql import Row, Where

__all__ = [
    "Client",
    "ClientFinder",
    "ClientRefused",
    "Wish",
    "authenticate",
    "change",
    "close",
    "digest_of",
    "end_secret",
    "end_tokens_of",
    "ensure",
    "find",
    "has_origin",
    "issue_secret",
    "register",
    "require_own",
    "set_status",
]


async def register(
    session: Where,
    actor: Actor,
    *,
    organisation: UUID,
    wish: Wish,
    keys: Sequence[dict[str, Any]] | None = None,
    development: bool = False,
) -> tuple[UUID, str | None]:
    """A client of an organisation the actor administers: its id, and the secret that is shown this once.

    There is no secret for kinds that keep none, and for clients with keys of their own.
    """
    standing = await authority.require_charge(session, actor, organisation)
    require_possible(wish, development=development)
    await require_permitted(session, actor, standing, wish, before=None)
    if standing.status == "closed":
        raise OrganisationClosed
    if keys is not None and wish.kind not in CONFIDENTIAL:
        raise ClientKeepsNoSecret
    public_keys = None if keys is None else usable_keys(keys)
    client = new_id()
    await repository.insert(session, client, client.hex, organisation, wish, _origins(wish), public_keys)
    secret = None
    if keys is None and wish.kind in CONFIDENTIAL:
        secret = secrets.token_urlsafe(32)
        await repository.add_secret(session, client, digest_of(secret))
    await _entrust(session, actor, client)
    await remember(
        session,
        actor,
        "client.registered",
        organisation=organisation,
        client=client,
        kind=wish.kind,
        scopes=sorted(wish.scopes),
    )
    return client, secret


async def change(
    session: Where,
    actor: Actor,
    client: UUID,
    fields: dict[str, Any],
    *,
    development: bool = False,
) -> None:
    """Change what `fields` names of a client the actor administers.

    Scopes it loses are missing from tokens to come; new keys replace the old ones at once, and secrets then
    end after a day.
    """
    found = await _own(session, actor, client)
    before = Wish.of(found)
    wish = before.with_changes(fields)
    require_possible(wish, development=development, unless=before)
    standing = await authority.require_charge(session, actor, found["organisation_id"])
    await require_permitted(session, actor, standing, wish, before=before)
    if not fields:
        return
    await repository.update(session, client, wish, _origins(wish))
    if "public_keys" in fields:
        await _set_keys(session, client, wish, fields["public_keys"])
        await _entrust(session, actor, client)
    await remember(
        session,
        actor,
        "client.changed",
        organisation=found["organisation_id"],
        client=client,
        fields=sorted(fields),
    )


async def _set_keys(session: Where, client: UUID, wish: Wish, given: dict[str, Any] | None) -> None:
    if wish.kind not in CONFIDENTIAL:
        raise ClientKeepsNoSecret
    await repository.set_keys(session, client, None if given is None else usable_keys(given["keys"]))
    if given is not None:
        await repository.end_secrets(session, client, _in_hours(USUAL_OVERLAP_HOURS))


async def issue_secret(
    session: Where, actor: Actor, client: UUID, *, others_end_in_hours: int
) -> tuple[Row, str]:
    """A further secret, shown this once, and its facts; the others work for so long beside it."""
    found = await _own(session, actor, client)
    if found["kind"] not in CONFIDENTIAL:
        raise ClientKeepsNoSecret
    if found["has_keys"]:
        raise ClientHasKeys
    if await repository.end_secrets(session, client, _in_hours(others_end_in_hours)) >= MOST_SECRETS:
        raise TooManySecrets(most=MOST_SECRETS)
    secret = secrets.token_urlsafe(32)
    facts = await repository.add_secret(session, client, digest_of(secret))
    await _entrust(session, actor, client)
    await remember(
        session,
        actor,
        "client.secret_issued",
        organisation=found["organisation_id"],
        client=client,
        secret=facts["id"],
        others_end_in_hours=others_end_in_hours,
    )
    return facts, secret


async def end_secret(session: Where, actor: Actor, client: UUID, secret: UUID) -> None:
    """End one secret at once; raises NotFound for one that is over, or another client's."""
    found = await _own(session, actor, client)
    if not await repository.end_secret(session, client, secret):
        raise NotFound
    await remember(
        session,
        actor,
        "client.secret_ended",
        organisation=found["organisation_id"],
        client=client,
        secret=secret,
    )


async def ensure(
    session: Where, *, client_id: str, secret: str | None, organisation: UUID | None, wish: Wish
) -> UUID:
    """A client the operator sets up, with any scopes; brought up to date if it exists. Not for routes."""
    client = await repository.upsert(session, new_id(), client_id, organisation, wish, _origins(wish))
    if secret is not None:
        await repository.set_secret(session, client, digest_of(secret))
    return client


async def set_status(session: Where, actor: Actor, client: UUID, status: ClientStatus) -> None:
    """Suspend or resume a client of an organisation the actor administers.

    A suspended one gets no token from then on, and those it has, its people's included, end at once: within
    two seconds everywhere.
    """
    found = await _own(session, actor, client)
    if found["status"] == status:
        return
    await repository.set_status(session, client, status)
    if status == "suspended":
        await revocations.revoke(session, "client", found["client_id"])
    await remember(
        session,
        actor,
        "client.suspended" if status == "suspended" else "client.resumed",
        organisation=found["organisation_id"],
        client=client,
    )


async def _entrust(session: Where, actor: Actor, client: UUID) -> None:
    """Tell that the actor can act as the client: where two must act, these are one."""
    if actor.person is not None:
        await repository.entrust(session, client, actor.person)


async def close(session: Where, actor: Actor, client: UUID) -> None:
    """Close a client of an organisation the actor administers, for ever; its tokens end as when suspended.

    From then on it is answered for like one that never was; what it did stays in the audit under its id.
    """
    found = await _own(session, actor, client)
    await repository.close(session, client)
    await revocations.revoke(session, "client", found["client_id"])
    await remember(session, actor, "client.closed", organisation=found["organisation_id"], client=client)


async def require_own(where: Where, actor: Actor, client: UUID) -> None:
    """The client is of an organisation the actor administers; raises NotFound or NotInCharge."""
    organisation = await repository.organisation_of(where, client)
    if organisation is None:
        raise NotFound
    await authority.require_charge(where, actor, organisation)


async def end_tokens_of(session: Where, organisations: Sequence[UUID]) -> None:
    """End the tokens of these organisations' clients, at once; for organisations that close."""
    await revocations.revoke_all(session, "client", await repository.names_of(session, organisations))


async def has_origin(pool: Any, origin: str) -> bool:
    """An active browser client may be loaded from this web origin; for CORS."""
    return await repository.has_origin(pool, origin_key(origin))


async def _own(session: Where, actor: Actor, client: UUID) -> Row:
    """The facts of a client of an organisation the actor administers, its row locked."""
    found = await repository.lock(session, client)
    if found is None:
        raise NotFound
    await authority.require_charge(session, actor, found["organisation_id"])
    return found


def _origins(wish: Wish) -> list[str]:
    return sorted(origins(wish.redirect_uris)) if wish.kind == "browser" else []


def _in_hours(hours: int) -> datetime:
    return datetime.now(UTC) + timedelta(hours=hours)
