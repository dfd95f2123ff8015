"""Use cases of guardians: consent for children under 14, and the links themselves."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from libs.common.problems import NotFound
from services.auth.actors import Actor
from services.auth.audit.rules import Action
from services.auth.audit.service import remember
from services.auth.authority import service as authority
from services.auth.authorization import service as authorization
from services.auth.families import service as families
from services.auth.guardians import repository
from services.auth.guardians.problems import (
    ConsentNotNeeded,
    ConsentOutOfOrder,
    ConsentTextChanged,
    GuardianNotOfAge,
    GuardiansOfTheYoung,
)
from services.auth.guardians.rules import Decision, can_follow
from services.auth.guardians.texts import VERSION
from services.auth.people.service import record_people
from services.auth.sql import Row, Where

_ACTIONS: dict[Decision, Action] = {
    "given": "consent.given",
    "refused": "consent.refused",
    "withdrawn": "consent.withdrawn",
}


async def children_of(where: Where, guardian: UUID) -> Sequence[Row]:
    """The guardian's children with `consent`, and the guardian's own last `decision` with time and text."""
    return await repository.children_of(where, guardian)


async def child_of(where: Where, guardian: UUID, child: UUID) -> Row:
    """One of them; raises NotFound."""
    found = await repository.children_of(where, guardian, child)
    if not found:
        raise NotFound
    return found[0]


async def is_young(where: Where, person: UUID) -> bool:
    """Under 14, or a pupil of a school whose age nobody told."""
    return await repository.consent_of(where, person) != "not-needed"


async def decide(
    session: Where, actor: Actor, child: UUID, decision: Decision, *, text_version: str | None
) -> None:
    """Give, refuse or withdraw consent as one of the child's guardians; the same again changes nothing.

    Without consent, applications of others lose at once what they hold for the child. Consent is to the
    present text; refusing and withdrawing need no text. Raises NotFound for a child that is not the actor's,
    GuardianNotOfAge, ConsentNotNeeded, ConsentTextChanged, ConsentOutOfOrder.
    """
    guardian = actor.person
    if guardian is None:
        raise NotFound
    await repository.lock(session, child)
    if not await repository.is_guardian(session, guardian, child):
        raise NotFound
    if not await repository.is_of_age(session, guardian):
        raise GuardianNotOfAge
    if not await is_young(session, child):
        raise ConsentNotNeeded
    if text_version != VERSION and (decision == "given" or text_version is not None):
        raise ConsentTextChanged(text_version=VERSION)
    before = await repository.last_decision(session, child, guardian)
    if before is not None and before["decision"] == decision:
        return
    if not can_follow(before["decision"] if before else None, decision):
        raise ConsentOutOfOrder
    about = before["text_version"] if before and decision == "withdrawn" else VERSION
    await repository.add_decision(session, child, guardian, decision, about)
    await _end_without_consent(session, child)
    place = await repository.place_of(session, child)
    await record_people(session, [child])
    await remember(
        session, actor, _ACTIONS[decision], organisation=place, subject=child, guardian=guardian, text=about
    )


async def _end_without_consent(session: Where, child: UUID) -> None:
    """End what applications of others hold for a child of whom no guardian says yes, or one says no."""
    if not await authorization.may_decide(session, child):
        await authorization.void_foreign_codes(session, child)
        await families.end_of_foreign_applications(session, child, "withdrawn")


async def require_insight(where: Where, actor: Actor, child: UUID) -> None:
    """The child, a guardian or an administrator in charge, who may see what was decided; raises NotFound."""
    standing = await authority.require_reading_person(where, actor, child)
    if not (standing.myself or standing.my_child or standing.in_charge):
        raise NotFound


async def decisions(where: Where, actor: Actor, child: UUID, before: int, limit: int) -> Sequence[Row]:
    """What was decided for a child, newest first, as `document` (JSON) and `position`; raises NotFound."""
    await require_insight(where, actor, child)
    return await repository.history(where, child, before, limit)


async def require_of_age(where: Where, person: UUID) -> None:
    """The person is an adult as far as anybody knows; raises GuardianNotOfAge."""
    if not await repository.is_of_age(where, person):
        raise GuardianNotOfAge


async def place_of(where: Where, child: UUID) -> UUID | None:
    """Where the child is a pupil: there, what is done about the child is found in the audit."""
    return await repository.place_of(where, child)


async def is_guardian(where: Where, guardian: UUID, child: UUID) -> bool:
    """Whether the one cares for the other now."""
    return await repository.is_guardian(where, guardian, child)


async def link(
    session: Where, actor: Actor, *, child: UUID, guardian: UUID, relation: str, **data: Any
) -> None:
    """Let somebody be a child's guardian. Whether both may and want to was checked before."""
    await repository.link(session, child, guardian, relation)
    await record_people(session, [child, guardian])
    await _remember(session, actor, "guardian.linked", child, guardian, **data)


async def _unlink(session: Where, actor: Actor, child: UUID, guardian: UUID) -> None:
    await repository.lock(session, child, guardian)
    if not await repository.unlink(session, child, guardian):
        raise NotFound
    await _end_without_consent(session, child)
    await record_people(session, [child, guardian])
    await _remember(session, actor, "guardian.unlinked", child, guardian)


async def _remember(
    session: Where, actor: Actor, action: Action, child: UUID, guardian: UUID, **data: Any
) -> None:
    """With both of them, who each find it in their own audit."""
    place = await repository.place_of(session, child)
    await remember(session, actor, action, organisation=place, subject=child, guardian=guardian, **data)
    await remember(session, actor, action, organisation=place, subject=guardian, child=child, **data)


async def leave(session: Where, actor: Actor, child: UUID) -> None:
    """Be this child's guardian no longer; what one consented to counts no more. Raises NotFound."""
    if actor.person is None:
        raise NotFound
    await _unlink(session, actor, child, actor.person)


async def part_with(session: Where, actor: Actor, guardian: UUID) -> None:
    """As a child of 14 or more, have this guardian no longer; raises NotFound, GuardiansOfTheYoung."""
    child = actor.person
    if child is None or not await repository.is_guardian(session, guardian, child):
        raise NotFound
    if await is_young(session, child):
        raise GuardiansOfTheYoung
    await _unlink(session, actor, child, guardian)


async def remove(session: Where, actor: Actor, child: UUID, guardian: UUID) -> None:
    """End a guardianship as an administrator in charge of the child; raises NotFound, NotInCharge."""
    await authority.require_charge_of_person(session, actor, child)
    await _unlink(session, actor, child, guardian)
