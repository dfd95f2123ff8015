"""Use cases of invitations: people who are on no roster, and guardians."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from libs.common.ids import new_id
from libs.common.problems import NotFound
from services.auth.accounts import service as accounts
from services.auth.accounts.rules import CODE_CHARACTERS, CODE_LENGTH, CODE_LIFE_DAYS, canonical_code
from services.auth.actors import Actor
from services.auth.audit.service import remember
from services.auth.authority import service as authority
from services.auth.authority.problems import NotInCharge
from services.auth.guardians import service as guardians
from services.auth.guardians.problems import GuardiansOfTheYoung
from services.auth.invitations import messages, repository
from services.auth.invitations.problems import (
    GuardianAlready,
    InvitationOfOneself,
    InvitationRefused,
    TooManyInvitations,
)
from services.auth.invitations.rules import LIFE_DAYS, LIMIT, State
from services.auth.mail import service as mail
from services.auth.people import service as people
from services.auth.people.rules import Role
from services.auth.sql import Row, Where


@dataclass(frozen=True, slots=True)
class Invited:
    """An invitation just made. The code is there to be handed over, unless it went by mail."""

    id: UUID
    code: str | None
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Answered:
    """What came of an answer, and whose guardian one would be."""

    state: State
    child: UUID
    given_name: str
    family_name: str


def _digest(code: str) -> bytes:
    return hashlib.sha256(b"guardian:" + canonical_code(code).encode()).digest()


async def invite_person(
    session: Where,
    actor: Actor,
    *,
    organisation: UUID,
    role: Role,
    fields: dict[str, Any],
    username: str | None,
    public_address: str,
) -> Invited:
    """Enter a person by hand and send, or show, the code of the account. Raises as creating a person does."""
    person = await people.create(session, actor, organisation=organisation, role=role, fields=fields)
    code, expires_at = await accounts.issue_code(session, actor, person, username)
    message = messages.PERSON.format(
        name=await repository.name_of(session, person),
        organisation=await repository.name_of_organisation(session, organisation),
        username=await accounts.username_of(session, person),
        address=public_address,
        days=CODE_LIFE_DAYS,
        code=code,
    )
    life = timedelta(days=CODE_LIFE_DAYS)
    is_mailed = await mail.send(session, to=fields.get("email"), message=message, life=life)
    await remember(
        session, actor, "person.invited", organisation=organisation, subject=person, by_mail=is_mailed
    )
    return Invited(person, None if is_mailed else code, expires_at)


async def _require_inviting(where: Where, actor: Actor, child: UUID) -> None:
    """An administrator in charge of the child, or one of the guardians; raises NotFound, NotInCharge."""
    standing = await authority.require_reading_person(where, actor, child)
    if not (standing.in_charge or standing.my_child):
        raise NotInCharge


async def invite_guardian(
    session: Where, actor: Actor, *, child: UUID, relation: str, email: str | None, public_address: str
) -> Invited:
    """Invite somebody to be a child's guardian, by mail or by a code to hand over; valid once.

    Raises NotFound, NotInCharge, GuardianNotOfAge, TooManyInvitations.
    """
    await _require_inviting(session, actor, child)
    assert actor.person is not None, "machines see children, they are in charge of none"
    await guardians.require_of_age(session, actor.person)
    await repository.lock_child(session, child)
    if await repository.count(session, child) >= LIMIT:
        raise TooManyInvitations(limit=LIMIT)
    drawn = "".join(secrets.choice(CODE_CHARACTERS) for _ in range(CODE_LENGTH))
    code = "-".join(drawn[at : at + 4] for at in range(0, CODE_LENGTH, 4))
    invitation, expires_at = new_id(), datetime.now(UTC) + timedelta(days=LIFE_DAYS)
    await repository.insert(session, invitation, child, relation, actor.person, _digest(code), expires_at)
    message = messages.GUARDIAN.format(
        child=await repository.name_of(session, child), address=public_address, days=LIFE_DAYS, code=code
    )
    is_mailed = await mail.send(session, to=email, message=message, life=timedelta(days=LIFE_DAYS))
    await _remember(session, actor, "guardian.invited", child, invitation=invitation, by_mail=is_mailed)
    return Invited(invitation, None if is_mailed else code, expires_at)


async def _remember(session: Where, actor: Actor, action: Any, child: UUID, **data: Any) -> None:
    place = await guardians.place_of(session, child)
    await remember(session, actor, action, organisation=place, subject=child, **data)


async def waiting_of(pool: Any, actor: Actor, child: UUID) -> bytes:
    """The child's waiting invitations as JSON, for the child, the guardians and those in charge."""
    await guardians.require_insight(pool, actor, child)
    return await repository.waiting_of(pool, child)


async def revoke(session: Where, actor: Actor, invitation: UUID) -> None:
    """Take an invitation back, as the one who gave it or as an administrator in charge; raises NotFound."""
    found = await repository.find_waiting(session, invitation)
    if found is None:
        raise NotFound
    if found["invited_by"] != actor.person:
        await authority.require_charge_of_person(session, actor, found["child_id"])
    await repository.settle(session, invitation, "revoked")
    await _remember(session, actor, "guardian.invitation_revoked", found["child_id"], invitation=invitation)


async def answer(session: Where, actor: Actor, code: str, *, accepts: bool) -> Answered:
    """Accept or refuse to be a guardian. A child of 14 or more must agree, before the two are linked.

    Raises InvitationRefused, InvitationOfOneself, GuardianNotOfAge, GuardianAlready.
    """
    found = await repository.find_open(session, _digest(code))
    if found is None or actor.person is None:
        raise InvitationRefused
    child, invitation = found["child_id"], found["id"]
    if actor.person in (child, found["invited_by"]):
        raise InvitationOfOneself
    if not accepts:
        state: State = "refused"
        await repository.settle(session, invitation, state, actor.person)
        await _remember(
            session, actor, "guardian.invitation_refused", child, invitation=invitation, by=actor.person
        )
        return Answered(state, child, found["given_name"], found["family_name"])
    await _require_inviter(session, found)
    await guardians.require_of_age(session, actor.person)
    await repository.lock_child(session, child)
    if await guardians.is_guardian(session, actor.person, child):
        raise GuardianAlready
    state = "linked" if await guardians.is_young(session, child) else "accepted"
    await repository.settle(session, invitation, state, actor.person)
    if state == "linked":
        await guardians.link(
            session,
            actor,
            child=child,
            guardian=actor.person,
            relation=found["relation"],
            invitation=invitation,
        )
    else:
        await _remember(session, actor, "guardian.invitation_accepted", child, invitation=invitation)
    return Answered(state, child, found["given_name"], found["family_name"])


async def _require_inviter(session: Where, invitation: Row) -> None:
    """A code is worth what its giver may still do; raises InvitationRefused."""
    if await accounts.own_account(session, invitation["invited_by"]) is None:
        raise InvitationRefused  # suspended
    try:
        await _require_inviting(session, Actor("person", invitation["invited_by"]), invitation["child_id"])
    except (NotFound, NotInCharge):
        raise InvitationRefused from None


async def _require_agreeable(session: Where, accepted: Row) -> None:
    """Nothing has changed since it was accepted: the giver, the guardian, and that the child decides."""
    await _require_inviter(session, accepted)
    if await accounts.own_account(session, accepted["accepted_by"]) is None:
        raise InvitationRefused
    await guardians.require_of_age(session, accepted["accepted_by"])
    if await guardians.is_young(session, accepted["child_id"]):
        raise GuardiansOfTheYoung


async def requests_to(where: Where, child: UUID) -> Sequence[Row]:
    """Who would be the child's guardian if the child agrees."""
    return await repository.requests_to(where, child)


async def agree(session: Where, actor: Actor, invitation: UUID, *, agrees: bool) -> None:
    """As a child of 14 or more, let somebody be one's guardian or not.

    Raises NotFound, InvitationRefused, GuardiansOfTheYoung, GuardianNotOfAge.
    """
    child = actor.person
    if child is None:
        raise NotFound
    await repository.lock_child(session, child)
    found = await repository.find_accepted(session, invitation, child)
    if found is None:
        raise NotFound
    guardian = found["accepted_by"]
    if agrees:
        await _require_agreeable(session, found)
    await repository.settle(session, invitation, "linked" if agrees else "refused")
    if agrees:
        await guardians.link(
            session,
            actor,
            child=child,
            guardian=guardian,
            relation=found["relation"],
            invitation=invitation,
        )
    else:
        await _remember(session, actor, "guardian.invitation_refused", child, invitation=invitation, by=child)
