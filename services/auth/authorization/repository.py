"""SQL of codes, waiting requests and consents."""

from datetime import datetime
from typing import Final
from uuid import UUID

from services.auth.sql import Row, Where, fetch_one

# One conditional UPDATE: of all who redeem a code at the same time, the row's lock lets one alone win.
_REDEEM: Final = """
update authorization_code c set used_at = $5, family_id = $6
from session s join account a on a.person_id = s.person_id and a.state = 'active'
where c.digest = $1 and c.client_id = $2 and c.redirect_uri = $3 and c.code_challenge = $4
  and c.used_at is null and c.expires_at > $5
  and s.id = c.session_id and s.ended_at is null and s.expires_at > $5
returning c.person_id, c.session_id, c.scopes, c.audiences, c.nonce, c.claims::text as claims,
  c.authenticated_at, c.methods
"""


async def redeem(
    where: Where,
    digest: bytes,
    client: UUID,
    redirect_uri: str,
    challenge: str,
    now: datetime,
    family: UUID,
) -> Row | None:
    """Use up the code if it is this client's, unused, alive, and so is its session; None if not."""
    return await fetch_one(where, _REDEEM, digest, client, redirect_uri, challenge, now, family)


async def family_of_code(where: Where, digest: bytes) -> UUID | None:
    """The family a code was redeemed for; None for a code that is unknown, unused or void."""
    row = await fetch_one(where, "select family_id from authorization_code where digest = $1", digest)
    return row["family_id"] if row else None
