"""SQL of claims about a person; every statement names the person and the client that is told."""

from typing import Any, Final
from uuid import UUID

from services.auth.sql import Row, Where, fetch_one

_FACTS: Final = """
p.given_name, p.family_name, p.middle_name, p.preferred_name, p.email, p.phone, p.address, p.birth_date,
a.username
"""
# By the `claims` parameter a client learns what belongs to a scope it holds and, if it needs consent, that
# the person allowed it.
_ALLOWED: Final = """
case when c.needs_consent then coalesce((select g.scopes from client_consent g
    where g.person_id = p.id and g.client_id = c.id and g.revoked_at is null), '{}')
  else c.scopes end as allowed
"""
_FOR_ID_TOKEN: Final = f"""
select {_FACTS}, {_ALLOWED}
from person p join account a on a.person_id = p.id, client c
where p.id = $1 and c.id = $2
"""
# A person's token is good as long as the person, the account, the client and the family are, and nothing was
# revoked: asked of the database itself, so that it holds at once in every process.
_FOR_TOKEN: Final = f"""
select {_FACTS}, {_ALLOWED}, f.claims::text as claims
from person p join account a on a.person_id = p.id
  join token_family f on f.person_id = p.id and f.id = $2
  join client c on c.id = f.client_id
where p.id = $1 and c.client_id = $3 and p.status = 'active' and a.state = 'active' and c.status = 'active'
  and f.ended_at is null
  and not is_revoked($4::text, $5::text, $6::text, $3::text, $7::text, $8::bigint)
"""


async def facts_for_client(where: Where, person: UUID, client: UUID) -> Row | None:
    """What can be told of a person, and under which scopes this client may ask for it by name."""
    return await fetch_one(where, _FOR_ID_TOKEN, person, client)


async def facts_for_token(
    pool: Any, person: UUID, family: UUID, client_id: str, token: str, session: str, issued_at: int
) -> Row | None:
    """As `facts_for_client`, with the claims asked for; None once the token is not to be believed."""
    return await fetch_one(
        pool,
        _FOR_TOKEN,
        person,
        family,
        client_id,
        token,
        str(family),
        session,
        str(person),
        issued_at,
    )
