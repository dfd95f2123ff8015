"""Erasing people: asked for, waiting, withdrawn or done.

What is done cannot be undone: facts, account, sessions, names in rosters, roles and guardians go; the id
stays as nobody's, so that books and audits that name it still hold, and the other services are told.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from libs.common.database import Database, retrying
from libs.common.problems import NotFound
from services.auth.accounts import service as accounts
from services.auth.actors import SYSTEM, Actor
from services.auth.audit.service import remember
from services.auth.classes.service import record_classes
from services.auth.erasure import messages, repository
from services.auth.erasure.problems import ErasureAskedAlready, ErasureByAGuardian
from services.auth.erasure.rules import MOST_AT_ONCE, Reason
from services.auth.guardians import service as guardians
from services.auth.mail import service as mail
from services.auth.people import service as people
from services.auth.people.service import record_people, require_dispensable
from services.auth.revocations import service as revocations
from services.auth.sql import Where, record_changes


@dataclass(frozen=True, slots=True)
class Waiting:
    """An erasure that has not happened yet."""

    asked_by: UUID
    asked_at: datetime
    due_at: datetime
    waits_for: list[Reason]


async def require_charge(where: Where, actor: Actor, person: UUID) -> UUID:
    """The actor is in charge of every place that has to do with the person; raises NotFound, NotInCharge."""
    await people.require_charge_everywhere(where, actor, person)
    return person


async def require_own(where: Where, actor: Actor) -> UUID:
    """The actor, of an age to ask; raises ErasureByAGuardian."""
    if actor.person is None:
        raise NotFound
    if await guardians.is_young(where, actor.person):
        raise ErasureByAGuardian
    return actor.person


async def require_care(where: Where, actor: Actor, child: UUID) -> UUID:
    """A child in the actor's care who is too young to ask; raises NotFound."""
    if actor.person is None or not await guardians.is_guardian(where, actor.person, child):
        raise NotFound
    if not await guardians.is_young(where, child):
        raise NotFound
    return child


async def ask(session: Where, actor: Actor, person: UUID, *, days: int) -> None:
    """Let the person be erased after so many days; the actor may ask this (`require_…`).

    Raises ErasureAskedAlready, LastAdministrator.
    """
    assert actor.person is not None, "people ask, not machines"
    await require_dispensable(session, person)
    due_at = await repository.ask(session, person, actor.person, days)
    if due_at is None:
        raise ErasureAskedAlready
    address = await accounts.mail_address_of(session, person)
    await mail.send(session, to=address, message=messages.ASKED.format(day=due_at.date().isoformat()))
    place = await repository.place_of(session, person)
    await remember(
        session, actor, "erasure.asked", organisation=place, subject=person, due_at=due_at.isoformat()
    )


async def waiting(where: Where, person: UUID) -> Waiting:
    """The person's erasure and what it waits for; raises NotFound."""
    found = await repository.find(where, person)
    if found is None:
        raise NotFound
    return Waiting(found["asked_by"], found["asked_at"], found["due_at"], repository.reasons(found))


async def cancel(session: Where, actor: Actor, person: UUID) -> None:
    """Let the person stay; raises NotFound if no erasure waits."""
    assert actor.person is not None, "people withdraw, not machines"
    if not await repository.cancel(session, person, actor.person):
        raise NotFound
    address = await accounts.mail_address_of(session, person)
    await mail.send(session, to=address, message=messages.CANCELLED)
    place = await repository.place_of(session, person)
    await remember(session, actor, "erasure.cancelled", organisation=place, subject=person)


#: takes events of these numbers from where they can be read besides the database
TakeOut = Callable[[Sequence[int]], Awaitable[None]]


async def erase_due(database: Database, take_out: TakeOut | None = None) -> int:
    """Erase those whose day has come and whom nothing keeps; how many. Any number of processes may."""
    erased = 0
    while True:

        async def once() -> int:
            async with database.transaction() as session:
                people = await repository.take_due(session, MOST_AT_ONCE)
                if people:
                    await _erase(session, people, take_out)
                return len(people)

        done = await retrying(once)
        erased += done
        if done < MOST_AT_ONCE:
            return erased


async def _erase(session: Where, people: list[UUID], take_out: TakeOut | None) -> None:
    ids = await repository.all_ids(session, people)
    affected = await repository.affected(session, ids)
    places = {person: await repository.place_of(session, person) for person in people}
    await revocations.revoke_all(session, "person", ids)
    await repository.forget(session, ids)
    await repository.note_done(session, people)
    await record_changes(session, "record_erasures", ids)
    if affected["children"] or affected["guardians"]:
        await record_people(session, {*affected["children"], *affected["guardians"]})
    if affected["classes"]:
        await record_classes(session, affected["classes"])
    for person in people:
        await remember(session, SYSTEM, "person.erased", organisation=places[person], subject=person)
    if (
        take_out is not None
    ):  # if this fails, nothing has happened; if what follows fails, there are gaps only
        await take_out(await repository.told_before(session, ids))
