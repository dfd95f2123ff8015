"""Use cases of revocations: ending tokens that have been given, before their time.

Each is named by what its tokens carry: `jti`, `family`, `sid`, `client_id` or `sub`. Every token of a revoked
family is dead, for ever. Of a session, client or person the tokens issued until the revocation are dead, and
those of a second after it, which may have been under way while it was committed.

The revocation holds from the commit on: at once where PostgreSQL is asked (`is_revoked`) and in the process
that made it, within 2 seconds in every other process of ours while this service answers, and at the latest
with the token's own end.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from libs.common.paging import decode_cursor, encode_cursor
from libs.common.recurring import Recurring
from libs.common.revocations import Revocation, RevocationPage, RevocationSource
from libs.common.tokens import Claims
from services.auth.revocations import repository
from services.auth.revocations.rules import (
    LONGEST_LIFE_SECONDS,
    MOST_PER_PAGE,
    MOST_PRUNED,
    PRUNE_SECONDS,
    Kind,
)
from services.auth.sql import Where

REVOCATIONS_NOT_PRUNED: Final = "revocations.not_pruned"


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


@dataclass(frozen=True, slots=True)
class Changes:
    """A part of what is new; `next` is the cursor to go on with."""

    items: list[dict[str, Any]]
    next: str
    more: bool


async def changes(pool: Any, cursor: str | None, limit: int = MOST_PER_PAGE) -> Changes:
    """Revocations since the cursor, at most `limit`; raises InvalidCursor."""
    since, kind, value, begun = decode_cursor(cursor, int, str, str, int) if cursor else (0, "", "", 0)
    rows, now = await repository.changes(pool, since, (kind, value), limit)
    if since > now:  # numbered by a database of before: what is here now has begun from an older copy
        since, begun = 0, 0
        rows, now = await repository.changes(pool, since, ("", ""), limit)
    items = [
        {
            "kind": row["kind"],
            "value": row["value"],
            "issued_until": row["issued_until"],
            "until": row["until"],
        }
        for row in rows
    ]
    # The next time begins where the first part of this one stood, not the last: see `_CHANGES`.
    begun = begun or now
    more = len(rows) == limit
    last = encode_cursor(since, rows[-1]["kind"], rows[-1]["value"], begun) if more else None
    return Changes(items, last or encode_cursor(begun, "", "", 0), more)


def own_list(pool: Any, keys_version: Callable[[], str]) -> RevocationSource:
    """The list as this service itself reads it, from the database."""

    async def read(cursor: str | None) -> RevocationPage:
        page = await changes(pool, cursor)
        items = [Revocation(**item) for item in page.items]
        return RevocationPage(items, page.next, page.more, keys_version())

    return read


class Pruner(Recurring):
    """Forgets, every minute, what can end nothing any more."""

    def __init__(self, pool: Any) -> None:
        super().__init__(self._prune, failed=REVOCATIONS_NOT_PRUNED, retry_seconds=PRUNE_SECONDS)
        self._pool = pool

    async def _prune(self) -> float:
        await repository.prune(self._pool, MOST_PRUNED)
        return PRUNE_SECONDS
