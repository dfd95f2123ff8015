"""SQL of tokens that were issued: whether they are still good, asked of the database at this moment."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple
from uuid import UUID

import orjson

from services.auth.families.rules import STANDING
from services.auth.sql import Row, fetch, fetch_one

# Everything an access token depends on: that nothing of it was revoked, its client and, of a person's token,
# the person, the account and the family it descends from. As JSON, because of how many rows an array has the
# planner makes a new plan each time, which takes it longer than all the rest.
_ACCESS: Final = """
select q.token, a.username
from json_to_recordset($1::json)
    as q (token text, family text, session text, subject uuid, client text, issued_at bigint)
  left join account a on a.person_id = q.subject and q.session is not null
where not is_revoked(q.token, q.family, q.session, q.client, q.subject::text, q.issued_at)
  and exists (select from client c left join organisation o on o.id = c.organisation_id
    where c.client_id = q.client and c.status = 'active' and coalesce(o.status = 'active', true))
  and (q.session is null or (a.state = 'active'
    and exists (select from person p where p.id = q.subject and p.status = 'active')))
  and (q.family is null or exists (select from token_family f
    where f.id = q.family::uuid and f.ended_at is null))
"""
_REFRESH: Final = f"""
select f.person_id, f.session_id, f.scopes, f.audiences, a.username,
  extract(epoch from t.created_at)::bigint as issued_at,
  extract(epoch from t.expires_at)::bigint as expires_at
from refresh_token t join token_family f on f.id = t.family_id join account a on a.person_id = f.person_id
  join person p on p.id = f.person_id join session s on s.id = f.session_id
where t.digest = $1 and f.client_id = $2 and t.used_at is null and t.expires_at > now() and {STANDING}
"""


class AccessToken(NamedTuple):
    """What the database is asked about an access token."""

    token: str
    family: str | None
    session: str | None
    subject: UUID
    client: str | None
    issued_at: int


async def of_access_tokens(pool: Any, tokens: Sequence[AccessToken]) -> dict[AccessToken, Any]:
    """Those that are good now, each with the user name of the person it is about, if any."""
    asked = orjson.dumps([token._asdict() for token in tokens])
    good = {row["token"]: row["username"] for row in await fetch(pool, _ACCESS, asked)}
    return {token: (good[token.token],) for token in tokens if token.token in good}


async def of_refresh_token(pool: Any, digest: bytes, client: UUID) -> Row | None:
    """What a client's refresh token is good for now; None if for nothing."""
    return await fetch_one(pool, _REFRESH, digest, client)
