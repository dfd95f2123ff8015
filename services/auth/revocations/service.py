"""Use cases of revocations: ending tokens that have been given, before their time.

Each is named by what its tokens carry: `jti`, `family`, `sid`, `client_id` or `sub`. Every token of a revoked
family is dead, for ever. Of a session, client or person the tokens issued until the revocation are dead, and
those of a second after it, which may have been under way while it was committed.

The revocation holds from the commit on: at once where PostgreSQL is asked (`is_revoked`) and in the process
that made it, within 2 seconds in every other process of ours while this service answers, and at the latest
with the token's own end.
"""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from libs.common.tokens import Claims
from services.auth.revocations import repository
from services.auth.revocations.rules import LONGEST_LIFE_SECONDS, Kind
from services.auth.sql import Where


async def revoke(
    where: Where, kind: Kind, value: str | UUID, *, life_seconds: float = LONGEST_LIFE_SECONDS
) -> None:
    """End the tokens of one `kind` and value, in the transaction of `where`.

    `life_seconds` is how long such tokens can still live. On a session this process obeys as soon as the
    transaction is committed; the owner of a raw connection then awaits `database.revocations_recorded()`.
    """
    await revoke_all(where, kind, [value], life_seconds=life_seconds)


async def revoke_all(
    where: Where, kind: Kind, values: Iterable[str | UUID], *, life_seconds: float = LONGEST_LIFE_SECONDS
) -> None:
    """As `revoke`, of many in one statement."""
    listed = [str(value) for value in values]
    if not listed:
        return
    await repository.revoke(where, kind, listed, life_seconds)
    if isinstance(where, AsyncSession):
        where.info["revocations"] = True


async def is_revoked(where: Where, claims: Claims) -> bool:
    """Whether this verified token has been revoked, as the database knows it now."""
    family: Any = claims.members.get("family")
    return await repository.is_revoked(
        where,
        token=claims.token_id,
        family=family if isinstance(family, str) else None,
        session=claims.session,
        client=claims.client_id,
        person=claims.subject,
        issued_at=claims.issued_at,
    )
