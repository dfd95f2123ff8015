"""Use cases of sessions: being opened, listed and ended."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from libs.common.ids import new_id
from libs.common.problems import NotFound
from services.auth.actors import Actor
from services.auth.audit.service import remember
from services.auth.revocations import service as revocations
from services.auth.sessions import repository
from services.auth.sessions.rules import SECRET
from services.auth.sql import Where


@dataclass(frozen=True, slots=True)
class Session:
    """A person signed in at this browser: since when, and by which methods (RFC 8176)."""

    id: UUID
    person: UUID
    authenticated_at: datetime
    methods: tuple[str, ...]
    expires_at: datetime
    active_role_id: UUID | None

    @property
    def actor(self) -> Actor:
        """On whose behalf a page of the signed-in person acts."""
        return Actor("person", self.person, session=self.id)


def digest_of(secret: str) -> bytes:
    """How a cookie's secret is kept: it is random, so one SHA-256 is enough."""
    return hashlib.sha256(secret.encode()).digest()


async def current(pool: Any, secret: str | None) -> Session | None:
    """The live session of the cookie `xuebu_session`; None for whatever is none."""
    if secret is None or not SECRET.fullmatch(secret):
        return None
    row = await repository.by_digest(pool, digest_of(secret))
    if row is None:
        return None
    identifier, person, authenticated_at, methods, expires_at, active_role_id = row
    return Session(identifier, person, authenticated_at, tuple(methods), expires_at, active_role_id)


async def start(
    pool: Any,
    person: UUID,
    *,
    hours: int,
    network: str,
    device: str | None,
    stored_hash: str,
    methods: Sequence[str],
    secret: str,
    previous: Session | None = None,
) -> tuple[UUID, datetime] | None:
    """A new session and its end; None if meanwhile the account was suspended, or got another password or a
    second factor that `methods` lack.

    `secret` is the browser's new cookie;
    `previous`, the browser's session until now, goes on under it if it is the same person's.
    """
    expires_at = datetime.now(UTC) + timedelta(hours=hours)
    digest = digest_of(secret)
    if previous is not None and previous.person == person:
        renewed = await repository.renew(
            pool,
            previous.id,
            person,
            expires_at,
            network,
            device,
            stored_hash=stored_hash,
            digest=digest,
            methods=methods,
        )
        if renewed:
            return previous.id, expires_at
    session = new_id()
    opened = await repository.start(
        pool,
        session,
        person,
        expires_at,
        network,
        device,
        stored_hash=stored_hash,
        digest=digest,
        methods=methods,
    )
    return (session, expires_at) if opened else None


async def strengthen(pool: Any, session: Session, methods: Sequence[str], secret: str) -> bool:
    """Add methods to a live session, under a new secret; False if it has ended."""
    return await repository.strengthen(pool, session.id, session.person, digest_of(secret), methods)


async def remember_refusal(pool: Any, person: UUID | None) -> None:
    """Remember that a sign-in was refused, of a person if the user name was somebody's."""
    await repository.remember_refusal(pool, person)


async def forget_long_over(pool: Any, at_most: int = 1000) -> int:
    """Forget sessions that have been over for two months, but where what began there is known."""
    return await repository.forget_long_over(pool, at_most)


async def live(pool: Any, session: Session) -> list[dict[str, Any]]:
    """Where the person of this session is signed in: id, current, authenticated_at, network, device."""
    return [dict(row) for row in await repository.live(pool, session.person, session.id)]


async def end(session: Where, actor: Actor, identifier: UUID) -> None:
    """End one of the actor's own sessions and its tokens; raises NotFound for any other."""
    if not await end_if_alive(session, actor, identifier):
        raise NotFound


async def end_if_alive(session: Where, actor: Actor, identifier: UUID) -> bool:
    """As `end`; False for what is no live session of the actor."""
    if actor.person is None or not await repository.end(session, actor.person, identifier):
        return False
    await revocations.revoke(session, "session", identifier)
    await remember(session, actor, "session.ended", subject=actor.person, session=identifier)
    return True


async def end_all_sessions(session: Where, person: UUID, *, keep: UUID | None = None) -> None:
    """End whatever sessions the person has, and their tokens, but `keep`."""
    ended = await repository.end_all(session, person, keep)
    await revocations.revoke_all(session, "session", ended)


async def end_others(session: Where, own: Session) -> None:
    """End every session of the person but this one."""
    ended = await repository.end_all(session, own.person, own.id)
    await revocations.revoke_all(session, "session", ended)
    if ended:
        await remember(session, own.actor, "session.ended", subject=own.person, sessions=ended)
