"""SQL of the applications a person uses: those allowed, and those that hold tokens."""

from typing import Any, Final
from uuid import UUID

from services.auth.sql import Row, Where, fetch, fetch_one

# A client of the platform need not ask, so its tokens alone tell of it.
_USED: Final = """
select c.id, c.client_id, c.name, o.name as organisation,
  case when k.client_id is not null then k.scopes else f.scopes end as scopes, k.given_at as allowed_at
from client c
left join organisation o on o.id = c.organisation_id
left join client_consent k on k.client_id = c.id and k.person_id = $1 and k.revoked_at is null
left join lateral (
  select array_agg(distinct scope order by scope) as scopes
  from token_family t join session s on s.id = t.session_id, unnest(t.scopes) as scope
  where t.person_id = $1 and t.client_id = c.id and t.ended_at is null and t.expires_at > now()
    and ('offline_access' = any(t.scopes) or (s.ended_at is null and s.expires_at > now()))
) f on true
where (k.client_id is not null or f.scopes is not null) and c.status <> 'closed'
  and c.id in (
    select client_id from client_consent where person_id = $1
    union select client_id from token_family where person_id = $1)
  and ($2::uuid is null or c.id > $2)
order by c.id limit $3
"""
_AS_JSON: Final = f"""
select json_build_object('id', u.id, 'client_id', u.client_id, 'name', u.name,
    'organisation', u.organisation, 'scopes', u.scopes,
    'allowed_at', to_char(u.allowed_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')), u.id
from ({_USED}) u order by u.id
"""


async def page_of(pool: Any, person: UUID, after: tuple[Any, ...] | None, limit: int) -> list[Any]:
    """The person's applications as (JSON, id)."""
    (client,) = after or (None,)
    rows: list[Any] = await pool.fetch(_AS_JSON, person, client, limit)
    return rows


async def used_by(where: Where, person: UUID, limit: int) -> list[Row]:
    """The person's applications with their names, scopes and the time they were allowed."""
    return list(await fetch(where, _USED, person, None, limit))


async def client_exists(where: Where, client: UUID, person: UUID) -> bool:
    """Whether the person ever allowed the client anything or it ever held tokens for the person."""
    statement = (
        "select 1 as found where exists (select from client_consent where client_id = $1 and person_id = $2)"
        " or exists (select from token_family where client_id = $1 and person_id = $2)"
    )
    return await fetch_one(where, statement, client, person) is not None
