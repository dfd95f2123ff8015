"""Use cases of rights: what an organisation's clients may hold is decided above it, and inherited.

A right withdrawn is gone with the next token of every client at and below the place: the finder of clients
reads decisions together with the client. Nothing is copied, so moving an organisation moves it under the
rights of its new path.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from services.auth.actors import Actor
from services.auth.audit.service import remember
from services.auth.authority import service as authority
from services.auth.authority.problems import NotInCharge
from services.auth.authority.rules import Standing
from services.auth.organisations.problems import OrganisationClosed
from services.auth.rights import repository
from services.auth.rights.problems import RightNotHeldAbove
from services.auth.rights.rules import GRANTABLE, held
from services.auth.sql import Where


@dataclass(frozen=True, slots=True)
class Decided:
    """The rights of one organisation: what it has, what was decided here (if anything), what is above."""

    scopes: frozenset[str]
    decided: frozenset[str] | None
    possible: frozenset[str]


async def rights_of(where: Where, standing: Standing) -> Decided:
    """The rights of an organisation that the caller has looked up."""
    rows = await repository.of_path(where, standing.id)
    decisions = {row["organisation_id"]: frozenset(row["scopes"]) for row in rows}
    root = standing.ancestors[0] in decisions
    scopes = held(decisions.values(), at_the_root=root)
    decided = decisions.pop(standing.id, None)
    above = GRANTABLE if standing.parent is None else held(decisions.values(), at_the_root=root)
    return Decided(scopes, decided, above)


async def show(where: Where, actor: Actor, organisation: UUID) -> Decided:
    """The rights of an organisation, for its administrators; raises NotFound, NotInCharge."""
    return await rights_of(where, await authority.require_charge(where, actor, organisation))


async def decide(session: Where, actor: Actor, organisation: UUID, scopes: Sequence[str] | None) -> Decided:
    """Decide what clients at and below an organisation may hold; None: whatever the one above has.

    For administrators above it, so that nobody widens the own rights; a root has nobody above and decides
    for itself. Raises NotFound, NotInCharge, RightNotHeldAbove, OrganisationClosed.
    """
    standing = await authority.require_visible(session, actor, organisation)
    await _require_charge_above(session, actor, standing)
    if standing.status == "closed":
        raise OrganisationClosed
    before = await rights_of(session, standing)
    if scopes is None:
        await repository.inherit(session, organisation)
    else:
        if not set(scopes) <= before.possible:
            raise RightNotHeldAbove(possible=", ".join(sorted(before.possible)))
        await repository.decide(session, organisation, sorted(set(scopes)), actor.person)
    after = await rights_of(session, standing)
    await remember(
        session,
        actor,
        "client.rights_decided",
        organisation=organisation,
        was=None if before.decided is None else sorted(before.decided),
        now=None if after.decided is None else sorted(after.decided),
    )
    return after


async def _require_charge_above(session: Where, actor: Actor, standing: Standing) -> None:
    above = standing
    if standing.parent is not None:
        above = await authority.require_visible(session, actor, standing.parent)
    if not (above.in_charge or actor.kind == "system"):
        raise NotInCharge
