"""Use cases of sessions: being opened, listed and ended."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from libs.common.ids import new_id
from libs.common.problems import NotFound
from services.auth.actors import Actor
from services.auth.audit.service import remember
from services.auth.sessions import repository
from services.auth.sql import Where


async def start(
    pool: Any,
    person: UUID,
    *,
    hours: int,
    network: str,
    device: str | None,
    better_hash: str | None,
    stored_hash: str,
) -> tuple[UUID, datetime] | None:
    """A new session and its end; None if the account was suspended meanwhile.

    `better_hash` replaces the stored one in the same transaction.
    """
    session = new_id()
    expires_at = datetime.now(UTC) + timedelta(hours=hours)
    opened = await repository.start(
        pool, session, person, expires_at, network, device, better_hash=better_hash, stored_hash=stored_hash
    )
    return (session, expires_at) if opened else None


async def remember_refusal(pool: Any, person: UUID | None) -> None:
    """Remember that a sign-in was refused, of a person if the user name was somebody's."""
    await repository.remember_refusal(pool, person)


async def end(session: Where, actor: Actor, identifier: UUID) -> None:
    """End one of the actor's own sessions; raises NotFound for any other."""
    if actor.person is None or not await repository.end(session, actor.person, identifier):
        raise NotFound
    await remember(session, actor, "session.ended", subject=actor.person, session=identifier)


async def end_all_sessions(session: Where, person: UUID) -> None:
    """End whatever sessions the person has."""
    await repository.end_all(session, person)
