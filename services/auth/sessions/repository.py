"""SQL of sessions; every statement names the person whose they are."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from services.auth.audit.rules import INSERT as AUDIT
from services.auth.sessions.rules import REMEMBERED_DAYS
from services.auth.sql import Where, fetch

# The account is held: who suspends it or sets another password meanwhile ends this session too, or it never
# begins. Nor does one by the password alone where a second factor has been confirmed meanwhile.
_HOLDER: Final = """
holder as materialized (
  select a.person_id from account a
  where a.person_id = $2 and a.state = 'active' and a.password_hash is not distinct from {stored_hash}
    and ('mfa' = any({methods}::text[]) or not exists (
      select from second_factor f where f.person_id = a.person_id and f.confirmed_at is not null))
  for share of a
)"""
_REMEMBERED: Final = """
remembered as (
  insert into audit (position, action, actor_kind, actor_id, subject_id, data, previous, hash)
  select 0, '{action}', 'person', person_id, person_id,
    json_build_object('session', $1::uuid, 'methods', {methods}::text[]), '', ''
  from {whose}
)
select person_id from {whose}
"""
_FORGET: Final = f"""
with gone as (
  delete from session where id in (
    select s.id from session s
    where s.expires_at < now() - interval '{REMEMBERED_DAYS} days'
      and not exists (select from token_family f where f.session_id = s.id)
      and not exists (select from authorization_code c where c.session_id = s.id)
    order by s.expires_at limit $1 for update skip locked)
  returning id
)
select count(*) from gone
"""
# One statement, so one round trip and one transaction: the session and the audit.
_START: Final = f"""
with {_HOLDER.format(stored_hash="$6", methods="$8")}, opened as (
  insert into session (id, person_id, expires_at, network, device, secret_digest, methods)
  select $1, person_id, $3, $4, $5, $7, $8::text[] from holder
  returning person_id
), {_REMEMBERED.format(action="session.started", methods="$8", whose="opened")}
"""
# The same person proved it again in the same browser: the session stays, its secret does not.
_RENEW: Final = f"""
with {_HOLDER.format(stored_hash="$8", methods="$7")}, renewed as (
  update session s set expires_at = $3, network = $4, device = $5, secret_digest = $6, methods = $7::text[],
    authenticated_at = clock_timestamp()
  from holder
  where s.id = $1 and s.person_id = holder.person_id and s.ended_at is null and s.expires_at > now()
  returning s.person_id
), {_REMEMBERED.format(action="session.renewed", methods="$7", whose="renewed")}
"""
# A second factor shown later: since the password was not asked for, the time of the sign-in stays.
_STRENGTHEN: Final = f"""
with stronger as (
  update session s set secret_digest = $3, methods = $4::text[]
  from account a
  where s.id = $1 and s.person_id = $2 and s.ended_at is null and s.expires_at > now()
    and a.person_id = s.person_id and a.state = 'active'
  returning s.person_id
), {_REMEMBERED.format(action="session.renewed", methods="$4", whose="stronger")}
"""
_CURRENT: Final = """
select s.id, s.person_id, s.authenticated_at, s.methods, s.expires_at, s.active_role_id
from session s join account a on a.person_id = s.person_id join person p on p.id = s.person_id
where s.secret_digest = $1 and s.ended_at is null and s.expires_at > now()
  and a.state = 'active' and p.status = 'active'
"""
_REFUSED: Final = AUDIT.format(
    action="'session.refused'",
    actor_kind="'system'",
    actor_id="null",
    organisation_id="null",
    subject_id="$1",
    data="'{}'",
)
_LIST: Final = """
select json_build_object('id', s.id, 'current', coalesce(s.id = $2, false),
    'created_at', to_char(s.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    'expires_at', to_char(s.expires_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    'network', s.network, 'device', s.device), s.id
from session s
where s.person_id = $1 and s.ended_at is null and s.expires_at > now() and ($3::uuid is null or s.id < $3)
order by s.id desc limit $4
"""

_LIVE: Final = """
select s.id, coalesce(s.id = $2, false) as current, s.authenticated_at, s.network, s.device
from session s
where s.person_id = $1 and s.ended_at is null and s.expires_at > now()
order by s.id = $2 desc, s.authenticated_at desc limit 50
"""


async def forget_long_over(pool: Any, at_most: int) -> int:
    """Forget sessions that nothing that still lives began in; how many they were."""
    forgotten: int = await pool.fetchval(_FORGET, at_most)
    return forgotten


async def start(
    pool: Any,
    session: UUID,
    person: UUID,
    expires_at: datetime,
    network: str,
    device: str | None,
    *,
    stored_hash: str,
    digest: bytes,
    methods: Sequence[str],
) -> bool:
    """Open a session; False if the account was suspended meanwhile, or is to be proved in another way now."""
    values = (session, person, expires_at, network, device, stored_hash, digest, list(methods))
    return await pool.fetchval(_START, *values) is not None


async def renew(
    pool: Any,
    session: UUID,
    person: UUID,
    expires_at: datetime,
    network: str,
    device: str | None,
    *,
    stored_hash: str,
    digest: bytes,
    methods: Sequence[str],
) -> bool:
    """Prolong a live session of the person under a new secret; False if it is none, or as with `start`."""
    values = (session, person, expires_at, network, device, digest, list(methods), stored_hash)
    return await pool.fetchval(_RENEW, *values) is not None


async def strengthen(pool: Any, session: UUID, person: UUID, digest: bytes, methods: Sequence[str]) -> bool:
    """Give a live session of the person a new secret and more methods; False if it is none."""
    return await pool.fetchval(_STRENGTHEN, session, person, digest, list(methods)) is not None


async def by_digest(pool: Any, digest: bytes) -> Any:
    """The live session whose secret has this digest, or None."""
    return await pool.fetchrow(_CURRENT, digest)


async def remember_refusal(pool: Any, person: UUID | None) -> None:
    """Chain a refused sign-in to the audit; the same work whether or not there is such an account."""
    await pool.execute(_REFUSED, person)


async def sessions_of(
    pool: Any, person: UUID, current: UUID | None, after: tuple[Any, ...] | None, limit: int
) -> list[Any]:
    """The person's live sessions as (JSON, id), newest first."""
    (before,) = after or (None,)
    rows: list[Any] = await pool.fetch(_LIST, person, current, before, limit)
    return rows


async def live(pool: Any, person: UUID, current: UUID) -> list[Any]:
    """The person's live sessions, the current one first; at most 50."""
    rows: list[Any] = await pool.fetch(_LIVE, person, current)
    return rows


async def end(where: Where, person: UUID, session: UUID) -> bool:
    """End one of the person's sessions; False if it is not one, or over."""
    statement = (
        "update session set ended_at = now()"
        " where id = $2 and person_id = $1 and ended_at is null and expires_at > now() returning id"
    )
    return bool(await fetch(where, statement, person, session))


async def end_all(where: Where, person: UUID, keep: UUID | None) -> list[UUID]:
    """End the person's live sessions but for the kept one; which they were."""
    statement = (
        "update session set ended_at = now()"
        " where person_id = $1 and id is distinct from $2 and ended_at is null and expires_at > now()"
        " returning id"
    )
    return [row["id"] for row in await fetch(where, statement, person, keep)]
