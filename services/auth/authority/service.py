"""Checks of authority that every use case begins with.

What an actor may not even see is NotFound, exactly like what does not exist; what it sees but may not
change is refused with NotInCharge.
"""

from uuid import UUID

from libs.common.problems import NotFound
from services.auth.actors import Actor
from services.auth.authority import repository
from services.auth.authority.problems import NotInCharge
from services.auth.authority.rules import PersonStanding, Standing
from services.auth.sql import Where


async def require_visible(where: Where, actor: Actor, organisation: UUID) -> Standing:
    """The actor holds a role at, above or below the organisation; raises NotFound."""
    standing = await repository.standing(where, actor, organisation)
    if standing is None or not (standing.visible or actor.kind == "system"):
        raise NotFound
    return standing


async def require_reading(where: Where, actor: Actor, organisation: UUID) -> Standing:
    """The actor may read the people of the organisation; raises NotFound or NotInCharge."""
    standing = await require_visible(where, actor, organisation)
    if not (standing.reads or actor.kind == "system"):
        raise NotInCharge
    return standing


async def require_charge(where: Where, actor: Actor, organisation: UUID) -> Standing:
    """The actor is an administrator at or above the organisation; raises NotFound or NotInCharge."""
    standing = await require_visible(where, actor, organisation)
    if not (standing.in_charge or actor.kind == "system"):
        raise NotInCharge
    return standing


async def require_reading_person(where: Where, actor: Actor, person: UUID) -> PersonStanding:
    """The person is the actor, the actor's child, or belongs where the actor reads; raises NotFound."""
    standing = await repository.person_standing(where, actor, person)
    if standing is None or not (standing.myself or standing.my_child or standing.reads):
        raise NotFound
    return standing


async def require_charge_of_person(where: Where, actor: Actor, person: UUID) -> PersonStanding:
    """The actor administers an organisation the person belongs to; raises NotFound or NotInCharge."""
    standing = await require_reading_person(where, actor, person)
    if not standing.in_charge:
        raise NotInCharge
    return standing


async def require_charge_of_whole_person(where: Where, actor: Actor, person: UUID) -> PersonStanding:
    """As above, and of every place where the person works or has a child in care; NotFound or NotInCharge."""
    standing = await require_reading_person(where, actor, person)
    if not standing.in_whole_charge:
        raise NotInCharge
    return standing
