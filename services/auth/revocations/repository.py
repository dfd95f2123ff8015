"""SQL of revocations; they name tokens, not data of a tenant."""

from collections.abc import Sequence
from typing import Any, Final

from services.auth.sql import Where, execute, fetch_one

# In the order of their key, so that two revokers of the same never wait for one another in a circle.
_REVOKE: Final = """
insert into revocation (kind, value, until)
select $1, value, clock_timestamp() + make_interval(secs => $3)
from unnest($2::text[]) as value group by value order by value
on conflict (kind, value) do update
  set revoked_at = excluded.revoked_at, until = greatest(revocation.until, excluded.until),
      change = excluded.change
"""
# Transactions numbered below `next` have ended: whatever they wrote is seen here, and needs no second look.
_CHANGES: Final = """
with snapshot as (select pg_snapshot_xmin(pg_current_snapshot())::text::bigint as next),
page as (
  select kind, value, revoked_until(kind, revoked_at) as issued_until,
    ceil(extract(epoch from until))::bigint as until
  from revocation where change >= $1 and until > now() and (kind, value) > ($2, $3)
  order by kind, value limit $4
)
select page.*, snapshot.next from snapshot left join page on true order by page.kind, page.value
"""


async def revoke(where: Where, kind: str, values: Sequence[str], life_seconds: float) -> None:
    """Remember that these are revoked now."""
    await execute(where, _REVOKE, kind, list(values), life_seconds)


async def is_revoked(
    where: Where,
    *,
    token: str,
    family: str | None,
    session: str | None,
    client: str | None,
    person: str,
    issued_at: int,
) -> bool:
    """Whether any of these is revoked for a token issued at that second."""
    row = await fetch_one(
        where,
        "select is_revoked($1::text, $2::text, $3::text, $4::text, $5::text, $6::bigint) as revoked",
        token,
        family,
        session,
        client,
        person,
        issued_at,
    )
    return row is not None and bool(row["revoked"])


async def changes(pool: Any, since: int, after: tuple[str, str], limit: int) -> tuple[list[Any], int]:
    """Revocations written since that transaction, after that key, and where to go on the next time."""
    rows = await pool.fetch(_CHANGES, since, *after, limit)
    return [row for row in rows if row["kind"] is not None], rows[0]["next"]


async def prune(pool: Any, at_most: int) -> None:
    """Forget revocations of tokens that have expired."""
    await pool.execute(
        "delete from revocation where (kind, value) in (select kind, value from revocation"
        " where until < now() order by kind, value limit $1 for update skip locked)",
        at_most,
    )
