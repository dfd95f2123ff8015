"""Use cases of the applications a person uses: seeing them, and taking back what they may do."""

from typing import Any
from uuid import UUID

from libs.common.problems import NotFound
from services.auth.actors import Actor
from services.auth.applications import repository
from services.auth.audit.service import remember
from services.auth.authorization import service as authorization
from services.auth.families import service as families
from services.auth.sql import Row, Where

_MOST_SHOWN = 200


async def used_by(where: Where, person: UUID) -> list[Row]:
    """The applications the person allowed something or that hold tokens for the person, for the page."""
    return await repository.used_by(where, person, _MOST_SHOWN)


async def page_of(pool: Any, person: UUID, after: tuple[Any, ...] | None, limit: int) -> list[Any]:
    """The same as a page of (JSON, id)."""
    return await repository.page_of(pool, person, after, limit)


async def withdraw(session: Where, actor: Actor, client: UUID) -> None:
    """End whatever the client may do for the actor: its consent, codes, refresh and access tokens.

    Raises NotFound for a client that the actor never used. A second time changes nothing.
    """
    if actor.person is None or not await repository.client_exists(session, client, actor.person):
        raise NotFound
    withdrawn = await authorization.withdraw(session, actor.person, client)
    ended = await families.end_of_application(session, actor.person, client, "withdrawn")
    if withdrawn or ended:
        await remember(
            session, actor, "application.withdrawn", subject=actor.person, client=client, families=ended
        )
