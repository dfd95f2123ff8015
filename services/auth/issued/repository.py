"""SQL of tokens that were issued: whether they are still good, asked of the database at this moment."""

from typing import Any, Final
from uuid import UUID

from services.auth.families.rules import STANDING
from services.auth.sql import Row, fetch_one

# Everything an access token depends on: that nothing of it was revoked, its client and, of a person's token,
# the person, the account and the family it descends from. The platform's own frontend has no client row.
_ACCESS: Final = """
select a.username from (values ($4::uuid)) as subject (id) left join account a on a.person_id = subject.id
where not is_revoked($1::text, $2::text, $3::text, $5::text, $4::text, $6::bigint)
  and ($5 = $7 or exists (select from client c left join organisation o on o.id = c.organisation_id
    where c.client_id = $5 and c.status = 'active' and coalesce(o.status = 'active', true)))
  and ($3::text is null or (a.state = 'active'
    and exists (select from person p where p.id = subject.id and p.status = 'active')))
  and ($2::text is null or exists (select from token_family f where f.id = $2::uuid and f.ended_at is null))
"""
_REFRESH: Final = f"""
select f.person_id, f.session_id, f.scopes, f.audiences, a.username,
  extract(epoch from t.created_at)::bigint as issued_at,
  extract(epoch from t.expires_at)::bigint as expires_at
from refresh_token t join token_family f on f.id = t.family_id join account a on a.person_id = f.person_id
  join person p on p.id = f.person_id join session s on s.id = f.session_id
where t.digest = $1 and f.client_id = $2 and t.used_at is null and t.expires_at > now() and {STANDING}
"""


async def of_access_token(
    pool: Any,
    *,
    token: str,
    family: str | None,
    session: str | None,
    subject: UUID,
    client_id: str | None,
    issued_at: int,
    first_party: str,
) -> Row | None:
    """The user name (of a person's token) if the token is good now; None if it is not."""
    return await fetch_one(pool, _ACCESS, token, family, session, subject, client_id, issued_at, first_party)


async def of_refresh_token(pool: Any, digest: bytes, client: UUID) -> Row | None:
    """What a client's refresh token is good for now; None if for nothing."""
    return await fetch_one(pool, _REFRESH, digest, client)
