"""SQL of revocations; they name tokens, not data of a tenant."""

from collections.abc import Sequence
from typing import Final

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
