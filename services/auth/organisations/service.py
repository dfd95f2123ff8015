"""Use cases of the organisation tree."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from libs.common.ids import new_id
from services.auth.actors import SYSTEM, Actor
from services.auth.audit.service import remember
from services.auth.authority import service as authority
from services.auth.authority.problems import NotInCharge
from services.auth.clients import service as clients
from services.auth.organisations import repository
from services.auth.organisations.problems import (
    OrganisationClosed,
    RootStays,
    StillHasOpenParts,
    TooDeep,
    UnderItself,
)
from services.auth.organisations.rules import MAX_DEPTH
from services.auth.sql import Where, record_changes


async def record_organisations(where: Where, ids: Iterable[UUID]) -> None:
    """Record the present state of these organisations as events; parents before children."""
    await record_changes(where, "record_organisations", ids)


async def create(
    session: Where, actor: Actor, *, kind: str, name: str, parent: UUID, identifier: str | None
) -> UUID:
    """A new organisation below one that the actor administers."""
    above = await authority.require_charge(session, actor, parent)
    await repository.lock_tree(session)
    if above.status == "closed":
        raise OrganisationClosed
    if len(above.ancestors) >= MAX_DEPTH:
        raise TooDeep(levels=MAX_DEPTH)
    organisation = new_id()
    await repository.insert(session, organisation, kind, name, parent, identifier)
    await record_organisations(session, [organisation])
    await remember(session, actor, "organisation.created", organisation=organisation, type=kind)
    return organisation


async def ensure_root(session: Where, *, kind: str, name: str) -> UUID:
    """The root of this type and name, made if there is none: the operator's command, not a route."""
    await repository.lock_tree(session)
    known = await repository.find_root(session, kind, name)
    if known is not None:
        return known
    organisation = new_id()
    await repository.insert(session, organisation, kind, name, None, None)
    await record_organisations(session, [organisation])
    await remember(session, SYSTEM, "organisation.created", organisation=organisation, type=kind)
    return organisation


async def change(session: Where, actor: Actor, organisation: UUID, fields: dict[str, Any]) -> None:
    """Set facts by hand; imports leave them alone from then on."""
    await authority.require_charge(session, actor, organisation)
    if fields:
        await repository.update(session, organisation, fields)
        await record_organisations(session, [organisation])
        await remember(
            session, actor, "organisation.changed", organisation=organisation, fields=sorted(fields)
        )


async def move(session: Where, actor: Actor, organisation: UUID, parent: UUID) -> None:
    """Hang an organisation, with everything below it, under another parent.

    The actor must be in charge above the old place and at the new one: moving takes from one and gives to
    the other.
    """
    await repository.lock_tree(session)
    moved = await authority.require_charge(session, actor, organisation)
    target = await authority.require_charge(session, actor, parent)
    if moved.parent is None:
        raise RootStays
    if organisation in target.ancestors:
        raise UnderItself
    if not (await authority.require_visible(session, actor, moved.parent)).in_charge:
        raise NotInCharge
    if target.status == "closed":
        raise OrganisationClosed
    if len(target.ancestors) + await repository.depth_below(session, organisation) > MAX_DEPTH:
        raise TooDeep(levels=MAX_DEPTH)
    if target.id == moved.parent:
        return
    ids = await repository.move(session, organisation, parent)
    await record_organisations(session, ids)
    await remember(
        session, actor, "organisation.moved", organisation=organisation, was=moved.parent, now=parent
    )


async def close(session: Where, actor: Actor, organisation: UUID) -> None:
    """Close an organisation by hand, its clients with it; no import opens it again.

    Closing twice changes nothing.
    """
    await repository.lock_tree(session)
    standing = await authority.require_charge(session, actor, organisation)
    if standing.parent is None:
        raise RootStays
    if standing.status == "closed":
        return
    if await repository.has_open_children(session, organisation):
        raise StillHasOpenParts
    await repository.close(session, organisation)
    await clients.end_tokens_of(session, [organisation])
    await record_organisations(session, [organisation])
    await remember(session, actor, "organisation.closed", organisation=organisation)
