"""SQL of credentials, and of where a person has a role."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import asyncpg

from services.creditbank.tables import Connection, Pool, Where
from services.creditbank.xapi.listing import Listing

_JSON: Final = """json_build_object('id', r.id, 'organisation', r.organisation, 'name', r.name,
  'username', r.username, 'scopes', r.scopes, 'created_at', utc_text(r.created_at),
  'expires_at', utc_text(r.expires_at), 'revoked_at', utc_text(r.revoked_at), 'changes', (
    select json_agg(json_build_object('act', h.act, 'by', h.by, 'at', utc_text(h.at)) order by h.id)
    from xapi_credential_change h where h.credential = r.id))"""
_LISTING: Final = Listing("xapi_credential", _JSON)
shown = _LISTING.shown
page = _LISTING.page
_WORKING: Final = """
select c.id, c.organisation, c.name, c.digest, c.scopes
from xapi_credential c join institution x on x.id = c.organisation and x.status = 'active'
where c.username = $1 and c.revoked_at is null and (c.expires_at is null or c.expires_at > now())
"""
_PLACES: Final = """
with held as materialized (
  select o.organisation, o.roles from learner l
  join learner_organisation o on o.learner = coalesce(l.merged_into, l.number) and o.roles <> '{}'
  where l.id = $1
)
select h.organisation, array(
  select distinct role from institution x
  join held a on a.organisation = any(x.ancestors) cross join unnest(a.roles) as role
  where x.id = h.organisation) as roles
from held h where $2::uuid is null or h.organisation = $2 limit 2
"""


async def working(pool: Pool, username: str) -> asyncpg.Record | None:
    """The credential of this user name, if it works at this moment and its organisation is not closed."""
    return await pool.fetchrow(_WORKING, username)


async def places(pool: Pool, person: UUID, organisation: UUID | None) -> Sequence[asyncpg.Record]:
    """Up to two organisations where the person holds a role (or the one named, if they do), each with all
    roles they hold there and above."""
    return await pool.fetch(_PLACES, person, organisation)


async def held_still(connection: Connection, organisation: UUID) -> bool:
    """Whether there is such an organisation, which is not closed; no other credential is issued meanwhile."""
    query = "select status = 'active' from institution where id = $1 for no key update"
    return bool(await connection.fetchval(query, organisation))


async def count_working(connection: Connection, organisation: UUID) -> int:
    """How many credentials of the organisation work."""
    query = (
        "select count(*) from xapi_credential"
        " where organisation = $1 and revoked_at is null and (expires_at is null or expires_at > now())"
    )
    return int(await connection.fetchval(query, organisation))


async def add(
    connection: Connection,
    credential: UUID,
    *,
    organisation: UUID,
    name: str,
    username: str,
    digest: bytes,
    scopes: Sequence[str],
    expires_at: datetime | None,
) -> None:
    await connection.execute(
        "insert into xapi_credential (id, organisation, name, username, digest, scopes, expires_at)"
        " values ($1, $2, $3, $4, $5, $6, $7)",
        *(credential, organisation, name, username, digest, scopes, expires_at),
    )


async def revoke(connection: Connection, credential: UUID) -> bool:
    """Whether it worked until now."""
    query = (
        "update xapi_credential set revoked_at = now() where id = $1 and revoked_at is null returning true"
    )
    return bool(await connection.fetchval(query, credential))


async def write_down(connection: Connection, change: UUID, credential: UUID, act: str, by: UUID) -> None:
    await connection.execute(
        "insert into xapi_credential_change (id, credential, act, by) values ($1, $2, $3, $4)",
        *(change, credential, act, by),
    )


async def organisation_of(where: Where, credential: UUID) -> UUID | None:
    """Whose credential it is; None if there is none such."""
    found: UUID | None = await where.fetchval(
        "select organisation from xapi_credential where id = $1", credential
    )
    return found
