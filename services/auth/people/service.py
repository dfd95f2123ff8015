"""Use cases of people and their roles."""

from collections.abc import Iterable
from datetime import date
from typing import Any
from uuid import UUID

import orjson

from libs.common.ids import new_id
from libs.common.problems import NotFound
from services.auth.actors import Actor
from services.auth.audit.service import remember
from services.auth.authority import service as authority
from services.auth.authority.problems import NotInCharge
from services.auth.authority.rules import PersonStanding
from services.auth.mail import service as mail
from services.auth.organisations.problems import OrganisationClosed
from services.auth.people import repository
from services.auth.people.messages import ADDRESS_CHANGED
from services.auth.people.problems import EndsBeforeItBegins, LastAdministrator, PersonClosed, RoleHeldAlready
from services.auth.people.rules import ActiveRole, Role
from services.auth.sql import Where, record_changes


async def record_people(where: Where, ids: Iterable[UUID]) -> None:
    """Record the present state of these people as events, with roles in force today, guardians and consent.

    Set-wise: some 30,000 people a second, best in chunks of a few thousand. `where` is a session, or a raw
    connection in whose transaction the changes were made.
    """
    await record_changes(where, "record_people", ids)


async def create(
    session: Where, actor: Actor, *, organisation: UUID, role: Role, fields: dict[str, Any]
) -> UUID:
    """A person entered by hand, with a first role in an organisation that the actor administers."""
    standing = await authority.require_charge(session, actor, organisation)
    if standing.status == "closed":
        raise OrganisationClosed
    person = new_id()
    await repository.insert(session, person, fields)
    tenure = {"role": role, "is_primary": True, "begins_on": None, "ends_on": None}
    await repository.grant(session, new_id(), person, organisation, tenure)
    await record_people(session, [person])
    await remember(session, actor, "person.created", organisation=organisation, subject=person, role=role)
    return person


async def require_charge_everywhere(where: Where, actor: Actor, person: UUID) -> PersonStanding:
    """The actor is in charge wherever the person works, has a child, learns or is anything else.

    Raises NotFound or NotInCharge.
    """
    standing = await authority.require_charge_of_whole_person(where, actor, person)
    if await repository.belongs_elsewhere(where, person, actor.person):
        raise NotInCharge
    return standing


async def change(session: Where, actor: Actor, person: UUID, fields: dict[str, Any]) -> None:
    """Set facts by hand, as an administrator in charge of the whole person; imports leave them alone then.

    Whoever reads the mail address can set the password: it needs charge everywhere, and the address until
    then is told.
    """
    standing = await authority.require_charge_of_whole_person(session, actor, person)
    if not fields:
        return
    told = None
    if "email" in fields:
        await require_charge_everywhere(session, actor, person)
        told = await repository.lock_address(session, person)
    await repository.update(session, person, fields)
    if told is not None and told != fields["email"]:
        await mail.send(session, to=told, message=ADDRESS_CHANGED)
    await record_people(session, [person])
    await remember(
        session,
        actor,
        "person.changed",
        organisation=standing.organisation,
        subject=person,
        fields=sorted(fields),
    )


async def grant(
    session: Where,
    actor: Actor,
    *,
    person: UUID,
    organisation: UUID,
    role: Role,
    is_primary: bool,
    begins_on: date | None,
    ends_on: date | None,
) -> UUID:
    """Give a person a role in an organisation that the actor administers; the role's id.

    The person must belong to the actor's part of the tree already, so that ids of strangers tell nothing.
    """
    if begins_on and ends_on and ends_on < begins_on:
        raise EndsBeforeItBegins
    standing = await authority.require_charge(session, actor, organisation)
    if actor.kind != "system":
        await authority.require_charge_of_person(session, actor, person)
    if standing.status == "closed":
        raise OrganisationClosed
    if await repository.status(session, person) != "active":
        raise PersonClosed
    tenure = {"role": role, "is_primary": is_primary, "begins_on": begins_on, "ends_on": ends_on}
    granted = await repository.grant(session, new_id(), person, organisation, tenure)
    if granted is None:
        raise RoleHeldAlready
    await record_people(session, [person])
    await remember(session, actor, "role.granted", organisation=organisation, subject=person, role=role)
    return granted


async def require_dispensable(session: Where, person: UUID) -> None:
    """Every root the person administers has another administrator; raises LastAdministrator."""
    for root in await repository.roots_administered(session, person):
        if not await repository.has_another_administrator(session, root, person):
            raise LastAdministrator


async def end_role(session: Where, actor: Actor, role: UUID) -> None:
    """End a role by hand, for good; raises LastAdministrator where nobody would be left at the root."""
    found = await repository.find_role(session, role)
    if found is None:
        raise NotFound
    organisation = found["organisation_id"]
    standing = await authority.require_charge(session, actor, organisation)
    if found["role"] == "administrator" and standing.parent is None:
        await repository.lock_organisation(session, organisation)
        if not await repository.has_another_administrator(session, organisation, found["person_id"]):
            raise LastAdministrator
    if not await repository.end(session, role):
        raise NotFound
    await record_people(session, [found["person_id"]])
    await remember(
        session,
        actor,
        "role.ended",
        organisation=organisation,
        subject=found["person_id"],
        role=found["role"],
    )


async def oneself(pool: Any, person: UUID, session: UUID) -> dict[str, Any]:
    """What the person sees of the own record, with the role that is active in the session."""
    document = await repository.view_oneself(pool, person, session)
    if document is None:
        raise NotFound
    found: dict[str, Any] = orjson.loads(document)
    return found


async def active_role(where: Where, session_id: UUID) -> ActiveRole | None:
    """The role in which the person of this session acts; None for whoever holds none today.

    The chosen one as long as it is in force, else the primary one, else the strongest.
    """
    row = await repository.active_role(where, session_id)
    return ActiveRole(**row) if row is not None else None


async def choose_role(session: Where, actor: Actor, role: UUID) -> None:
    """Act in this role for the rest of the session; tokens to come say so. Raises NotFound."""
    if actor.person is None or actor.session is None:
        raise NotFound
    if not await repository.activate(session, actor.person, actor.session, role):
        raise NotFound
    await remember(session, actor, "role.activated", subject=actor.person, role=role)
