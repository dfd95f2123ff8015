"""Use cases of roster rights: whose rosters may say who somebody is on the whole platform."""

from uuid import UUID

from services.auth.actors import Actor
from services.auth.audit.service import remember
from services.auth.authority import service as authority
from services.auth.authority.problems import NotInCharge
from services.auth.roster_rights import repository
from services.auth.roster_rights.problems import RightOfTheRoot
from services.auth.sql import Row, Where


async def held(where: Where, organisation: UUID) -> Row | None:
    """Where the organisation's rosters have the right from: `organisation`, `granted_at`; None without it."""
    return await repository.held(where, organisation)


async def view(where: Where, actor: Actor, organisation: UUID) -> Row | None:
    """The same, for the organisation's administrators."""
    await authority.require_charge(where, actor, organisation)
    return await repository.held(where, organisation)


async def _require_above(session: Where, actor: Actor, organisation: UUID) -> None:
    """The actor is in charge above the organisation: nobody decides how far the own rosters are believed."""
    standing = await authority.require_charge(session, actor, organisation)
    if standing.parent is None:
        raise RightOfTheRoot
    if not (await authority.require_visible(session, actor, standing.parent)).in_charge:
        raise NotInCharge


async def grant(session: Where, actor: Actor, organisation: UUID) -> None:
    """Believe the rosters of the organisation and of all below it; granting twice changes nothing."""
    await _require_above(session, actor, organisation)
    if await repository.grant(session, organisation, actor.person):
        await remember(session, actor, "roster.right_granted", organisation=organisation)


async def withdraw(session: Where, actor: Actor, organisation: UUID) -> None:
    """Believe them no longer; who was recognised stays one person. What was granted above still holds."""
    await _require_above(session, actor, organisation)
    if await repository.withdraw(session, organisation):
        await remember(session, actor, "roster.right_withdrawn", organisation=organisation)
