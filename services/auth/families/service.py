"""Use cases of token families: beginning one, turning its refresh token, ending it with all it gave."""

import hashlib
import secrets
from collections.abc import Collection
from typing import Any
from uuid import UUID

import orjson

from services.auth.families import repository
from services.auth.families.rules import (
    AudienceNotGranted,
    Ending,
    Family,
    RefreshRefused,
    RefreshReplayed,
    ScopeNotGranted,
    Turn,
)
from services.auth.revocations import service as revocations
from services.auth.sql import Row, Where

__all__ = [
    "AudienceNotGranted",
    "Family",
    "RefreshRefused",
    "RefreshReplayed",
    "ScopeNotGranted",
    "Turn",
    "digest_of",
    "end",
    "end_of_application",
    "end_of_foreign_applications",
    "end_of_person",
    "find",
    "start",
    "turn",
]


def digest_of(refresh_token: str) -> bytes:
    """How a refresh token is kept: it is random, so one SHA-256 is enough."""
    return hashlib.sha256(refresh_token.encode()).digest()


async def start(session: Where, family: Family) -> Turn:
    """Begin a family in the transaction that redeems its code."""
    refresh_token = secrets.token_urlsafe(32)
    issued_at = await repository.start(session, family, digest_of(refresh_token))
    return Turn(family, refresh_token, issued_at)


async def turn(
    where: Where,
    refresh_token: str,
    client: UUID,
    *,
    scopes: Collection[str] | None,
    audiences: Collection[str] | None,
) -> Turn:
    """Exchange a refresh token for the next one: of all who try at the same time, one alone gets it.

    `scopes` and `audiences` are those asked for, None for all. Raises RefreshReplayed for one that was used
    before (then `end` the family), RefreshRefused for any other that does not work: of another client, too
    old, or of a session, password or account that is over. ScopeNotGranted and AudienceNotGranted use
    nothing up.
    """
    following = secrets.token_urlsafe(32)
    digest = digest_of(refresh_token)
    wanted = sorted(scopes) if scopes is not None else None
    meant = sorted(audiences) if audiences is not None else None
    row = await repository.turn(where, digest, client, digest_of(following), wanted, meant)
    if row is not None:
        return Turn(_family(row), following, row["issued_at"])
    reason = await repository.why_not(where, digest, client, wanted, meant)
    if reason is None:
        raise RefreshRefused
    if reason["is_used"]:
        raise RefreshReplayed(reason["id"])
    if reason["is_alive"] and not reason["scopes_fit"]:
        raise ScopeNotGranted
    if reason["is_alive"] and not reason["audiences_fit"]:
        raise AudienceNotGranted
    raise RefreshRefused


def _family(row: Row) -> Family:
    return Family(
        id=row["id"],
        client_id=row["client_id"],
        person_id=row["person_id"],
        session_id=row["session_id"],
        scopes=frozenset(row["scopes"]),
        audiences=tuple(row["audiences"]),
        claims=orjson.loads(row["claims"]) if row["claims"] is not None else None,
        authenticated_at=row["authenticated_at"],
        methods=tuple(row["methods"]),
    )


async def find(where: Where, refresh_token: str, client: UUID) -> UUID | None:
    """The family of a refresh token of this client, used or not."""
    return await repository.family_of(where, digest_of(refresh_token), client)


async def end(session: Where, family: UUID, ended_by: Ending) -> UUID | None:
    """End a family: its refresh tokens now, its access tokens as a revocation does. Whose it was.

    None if it had ended before. The caller remembers it in the audit.
    """
    ended = await _end_with_tokens(session, await repository.end(session, family, ended_by))
    return ended[0]["person_id"] if ended else None


async def end_of_application(session: Where, person: UUID, client: UUID, ended_by: Ending) -> int:
    """End whatever a client holds for a person; how many families that were."""
    ended = await repository.end_of_application(session, person, client, ended_by)
    return len(await _end_with_tokens(session, ended))


async def end_of_foreign_applications(session: Where, person: UUID, ended_by: Ending) -> int:
    """End what applications that must ask for consent hold for a person; how many families that were."""
    ended = await repository.end_of_foreign_applications(session, person, ended_by)
    return len(await _end_with_tokens(session, ended))


async def end_of_person(
    session: Where, person: UUID, ended_by: Ending, *, except_session: UUID | None = None
) -> int:
    """End whatever clients hold for a person, but for what began in one session; how many that were."""
    ended = await repository.end_of_person(session, person, except_session, ended_by)
    return len(await _end_with_tokens(session, ended))


async def _end_with_tokens(session: Where, ended: Any) -> Any:
    await revocations.revoke_all(session, "family", [row["id"] for row in ended])
    return ended
