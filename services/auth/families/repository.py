"""SQL of token families and refresh tokens."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

import orjson

from services.auth.families.rules import (
    LONGEST_LIFE,
    LONGEST_PAUSE,
    OFFLINE,
    REMEMBERED_FOR,
    STANDING,
    Family,
)
from services.auth.sql import Row, Where, fetch, fetch_one


def _interval(length: timedelta) -> str:
    return f"interval '{int(length.total_seconds())} seconds'"


_ISSUED_AT: Final = "floor(extract(epoch from clock_timestamp()))::bigint as issued_at"

# In passing, some families whose time is long over are forgotten.
_START: Final = f"""
with gone as (
  select id from token_family where expires_at < now() - {_interval(REMEMBERED_FOR)}
  limit 10 for update skip locked
), gone_tokens as (
  delete from refresh_token t using gone where t.family_id = gone.id
), gone_families as (
  delete from token_family f using gone where f.id = gone.id
), family as (
  insert into token_family (id, client_id, person_id, session_id, scopes, audiences, claims,
    authenticated_at, methods, expires_at)
  select $1, $2, $3, s.id, $5, $6, $7::text::json, $8, $9,
    case when '{OFFLINE}' = any($5) then now() + {_interval(LONGEST_LIFE)}
      else least(s.expires_at, now() + {_interval(LONGEST_LIFE)}) end
  from session s where s.id = $4
  returning id, expires_at
), issued as (
  insert into refresh_token (digest, family_id, expires_at)
  select $10, id, least(expires_at, now() + {_interval(LONGEST_PAUSE)}) from family
)
select {_ISSUED_AT} from family
"""

# The family is locked first, so that what ends it comes before or after, never in between. The conditional
# update of the refresh token lets one alone win of all who use it at the same time. Used tokens are kept, to
# be known again, for as long as they would live.
_TURN: Final = f"""
with family as materialized (
  select f.* from token_family f
  where f.id = (select family_id from refresh_token where digest = $1) and f.client_id = $2
    and f.ended_at is null
  for no key update
), turned as (
  update refresh_token t set used_at = now()
  from family f join account a on a.person_id = f.person_id join person p on p.id = f.person_id
    join session s on s.id = f.session_id
  where t.digest = $1 and t.family_id = f.id and t.used_at is null and t.expires_at > now()
    and {STANDING}
    and coalesce($4::text[] <@ f.scopes, true) and coalesce($5::text[] <@ f.audiences, true)
  returning f.*
), issued as (
  insert into refresh_token (digest, family_id, expires_at)
  select $3, id, least(expires_at, now() + {_interval(LONGEST_PAUSE)}) from turned
), forgotten as (
  delete from refresh_token t using turned where t.family_id = turned.id and t.expires_at < now()
)
select id, client_id, person_id, session_id, scopes, audiences, claims::text as claims, authenticated_at,
  methods, {_ISSUED_AT}
from turned
"""
_WHY_NOT: Final = """
select f.id, t.used_at is not null as is_used,
  f.ended_at is null and f.expires_at > now() and t.expires_at > now() as is_alive,
  coalesce($3::text[] <@ f.scopes, true) as scopes_fit,
  coalesce($4::text[] <@ f.audiences, true) as audiences_fit
from refresh_token t join token_family f on f.id = t.family_id
where t.digest = $1 and f.client_id = $2
"""
_END: Final = """
update token_family set ended_at = now(), ended_by = {ended_by}
where ended_at is null and {which}
returning id, person_id, client_id
"""


async def start(where: Where, family: Family, digest: bytes) -> int:
    """A new family of a session with its first refresh token; the second of issue."""
    claims = orjson.dumps(family.claims).decode() if family.claims else None
    row = await fetch_one(
        where,
        _START,
        family.id,
        family.client_id,
        family.person_id,
        family.session_id,
        sorted(family.scopes),
        list(family.audiences),
        claims,
        family.authenticated_at,
        list(family.methods),
        digest,
    )
    assert row is not None  # the code refers to the session, and is locked
    issued_at: int = row["issued_at"]
    return issued_at


async def turn(
    where: Where,
    digest: bytes,
    client: UUID,
    new_digest: bytes,
    scopes: Sequence[str] | None,
    audiences: Sequence[str] | None,
) -> Row | None:
    """Use a client's refresh token up and store the next; None where it must not be."""
    return await fetch_one(where, _TURN, digest, client, new_digest, scopes, audiences)


async def why_not(
    where: Where,
    digest: bytes,
    client: UUID,
    scopes: Sequence[str] | None,
    audiences: Sequence[str] | None,
) -> Row | None:
    """What of a client's refresh token stands in the way; None if it has no such token."""
    return await fetch_one(where, _WHY_NOT, digest, client, scopes, audiences)


async def family_of(where: Where, digest: bytes, client: UUID) -> UUID | None:
    """The family of a client's refresh token."""
    row = await fetch_one(
        where,
        "select f.id from refresh_token t join token_family f on f.id = t.family_id"
        " where t.digest = $1 and f.client_id = $2",
        digest,
        client,
    )
    return row["id"] if row else None


async def end(where: Where, family: UUID, ended_by: str) -> Sequence[Row]:
    return await fetch(where, _END.format(which="id = $1", ended_by="$2"), family, ended_by)


async def end_of_application(where: Where, person: UUID, client: UUID, ended_by: str) -> Sequence[Row]:
    statement = _END.format(which="person_id = $1 and client_id = $2", ended_by="$3")
    return await fetch(where, statement, person, client, ended_by)


async def end_of_foreign_applications(where: Where, person: UUID, ended_by: str) -> Sequence[Row]:
    which = "person_id = $1 and client_id in (select id from client where needs_consent)"
    return await fetch(where, _END.format(which=which, ended_by="$2"), person, ended_by)


async def end_of_person(
    where: Where, person: UUID, except_session: UUID | None, ended_by: str
) -> Sequence[Row]:
    statement = _END.format(which="person_id = $1 and session_id is distinct from $2::uuid", ended_by="$3")
    return await fetch(where, statement, person, except_session, ended_by)
