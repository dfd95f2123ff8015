"""SQL of clients; `find_active` is the hot path of the token endpoint."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import orjson
from sqlmodel.ext.asyncio.session import AsyncSession

from libs.common.tracing import current_traceparent
from services.auth.audit.rules import INSERT as AUDIT
from services.auth.clients.rules import PLATFORM_SCOPES, Wish
from services.auth.sql import Row, Where, execute, fetch, fetch_one

_AUTHENTICATE: Final = """
select c.id, c.client_id, c.name, c.kind, c.organisation_id, c.scopes, c.redirect_uris,
  c.post_logout_redirect_uris, c.id_token_alg, c.needs_consent, c.public_keys,
  array(select s.digest from client_secret s
    where s.client_id = c.id and (s.expires_at is null or s.expires_at > now())) as digests,
  array(select array_to_string(r.scopes, ' ') from client_right r
    where r.organisation_id = any(o.ancestors)) as limits
from client c left join organisation o on o.id = c.organisation_id
where c.client_id = any($1::text[]) and c.status = 'active' and coalesce(o.status = 'active', true)
"""
# Whoever adds one removes some that are over, so the table needs no other care.
_USE_ASSERTION: Final = """
with forgotten as (
  delete from client_assertion where digest in (
    select digest from client_assertion where expires_at < now() limit 10 for update skip locked)
)
insert into client_assertion (digest, expires_at) select $2, $3 from client where id = $1
on conflict do nothing returning digest
"""
_REFUSED: Final = AUDIT.format(
    action="'client.refused'",
    actor_kind="'system'",
    actor_id="null",
    organisation_id="$1",
    subject_id="null",
    data="json_build_object('client', $2::uuid, 'why', $3::text, 'refusals', $4::int)",
)
_TIME: Final = "to_char({} at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"
_VIEW: Final = f"""
'id', c.id, 'client_id', c.client_id, 'name', c.name, 'kind', c.kind, 'organisation', c.organisation_id,
'scopes', c.scopes, 'withdrawn_scopes', array(
  select scope from unnest(c.scopes) scope where scope <> all($1::text[]) and exists (
    select from client_right r join organisation o on r.organisation_id = any(o.ancestors)
    where o.id = c.organisation_id and scope <> all(r.scopes))),
'redirect_uris', c.redirect_uris, 'post_logout_redirect_uris', c.post_logout_redirect_uris,
'id_token_alg', c.id_token_alg, 'needs_consent', c.needs_consent,
'authentication', case when c.kind in ('native', 'browser') then 'none'
  when c.public_keys is not null then 'private_key' else 'secret' end,
'status', c.status, 'created_at', {_TIME.format("c.created_at")}
"""
_LIST: Final = f"""
select json_build_object({_VIEW}), c.id from client c
where c.organisation_id in (select id from organisation where ancestors @> array[$2::uuid])
  and c.status <> 'closed'
  and ($3::uuid is null or c.id > $3)
order by c.id limit $4
"""
_DETAILS: Final = f"""
select json_build_object({_VIEW},
  'secrets', (select coalesce(json_agg(json_build_object('id', s.id,
      'created_at', {_TIME.format("s.created_at")}, 'expires_at', {_TIME.format("s.expires_at")})
      order by s.id), '[]')
    from client_secret s where s.client_id = c.id and (s.expires_at is null or s.expires_at > now())),
  'public_keys', (select coalesce(json_agg(json_build_object('kid', k->>'kid', 'alg', k->>'alg')), '[]')
    from json_array_elements(c.public_keys->'keys') k))::text as document
from client c where c.id = $2
"""
_COLUMNS: Final = (
    *("name", "kind", "scopes", "redirect_uris", "post_logout_redirect_uris"),
    *("id_token_alg", "needs_consent", "origins"),
)
_INSERT: Final = f"""
insert into client as c (id, client_id, organisation_id, public_keys, {", ".join(_COLUMNS)})
values ($1, $2, $3, cast($4::text as json), $5, $6, $7, $8, $9, $10, $11, $12)
"""
_UPSERT: Final = f"""{_INSERT}
on conflict (client_id) do update
  set organisation_id = excluded.organisation_id,
    {", ".join(f"{name} = excluded.{name}" for name in _COLUMNS)}
returning c.id
"""
_UPDATE: Final = f"""
update client set {", ".join(f"{name} = ${place}" for place, name in enumerate(_COLUMNS, start=2))}
where id = $1
"""
_ENTRUST: Final = """
insert into outbox (id, type, subject, data, traceparent)
values (uuid7(), 'auth.client.entrusted.v1', $1::uuid::text,
  json_build_object('id', $1::uuid, 'person', $2::uuid), $3)
"""
_LIVE: Final = "(expires_at is null or expires_at > clock_timestamp())"


async def find_active(pool: Any, client_ids: Sequence[str]) -> dict[str, Any]:
    """Those of these names that are active, with the digests of their secrets. For authentication only."""
    return {row["client_id"]: row for row in await pool.fetch(_AUTHENTICATE, client_ids)}


async def use_assertion(pool: Any, client: UUID, digest: bytes, forgotten_at: datetime) -> bool:
    """Remember that this client's assertion was used; False if it was before, by whatever process."""
    return await pool.fetchval(_USE_ASSERTION, client, digest, forgotten_at) is not None


async def remember_refusal(pool: Any, client: Any, why: str, count: int) -> None:
    """Chain to the audit that a client, or (None) somebody who is no client, was refused."""
    organisation, identifier = (
        (client["organisation_id"], client["id"]) if client is not None else (None, None)
    )
    await pool.execute(_REFUSED, organisation, identifier, why, count)


async def clients_of(pool: Any, organisation: UUID, after: tuple[Any, ...] | None, limit: int) -> list[Any]:
    """The clients of an organisation and of everything below it as (JSON, id)."""
    (client,) = after or (None,)
    rows: list[Any] = await pool.fetch(_LIST, sorted(PLATFORM_SCOPES), organisation, client, limit)
    return rows


async def details(where: Where, client: UUID) -> str:
    """A client as JSON text; whether the caller may see it was checked before."""
    row = await fetch_one(where, _DETAILS, sorted(PLATFORM_SCOPES), client)
    assert row is not None
    document: str = row["document"]
    return document


async def insert(
    where: Where,
    client: UUID,
    client_id: str,
    organisation: UUID,
    wish: Wish,
    origins: list[str],
    public_keys: dict[str, Any] | None,
) -> None:
    keys = _json(public_keys)
    await execute(where, _INSERT, client, client_id, organisation, keys, *_values(wish), origins)


async def upsert(
    where: Where, client: UUID, client_id: str, organisation: UUID | None, wish: Wish, origins: list[str]
) -> UUID:
    """Insert a client, or bring the one of this name up to date; its id."""
    row = await fetch_one(where, _UPSERT, client, client_id, organisation, None, *_values(wish), origins)
    assert row is not None
    identifier: UUID = row["id"]
    return identifier


async def entrust(session: Where, client: UUID, person: UUID) -> None:
    """Record the event that tells that a person can act as the client, and once could for ever."""
    await execute(session, _ENTRUST, client, person, current_traceparent())
    if isinstance(session, AsyncSession):
        session.info["events"] = True


async def update(where: Where, client: UUID, wish: Wish, origins: list[str]) -> None:
    await execute(where, _UPDATE, client, *_values(wish), origins)


async def set_keys(where: Where, client: UUID, public_keys: dict[str, Any] | None) -> None:
    statement = "update client set public_keys = cast($2::text as json) where id = $1"
    await execute(where, statement, client, _json(public_keys))


async def set_secret(where: Where, client: UUID, digest: bytes) -> None:
    """Make this the client's only secret."""
    await execute(where, "delete from client_secret where client_id = $1 and digest <> $2", client, digest)
    await execute(
        where,
        "insert into client_secret (client_id, digest) select $1::uuid, $2::bytea"
        " where not exists (select from client_secret where client_id = $1 and digest = $2)",
        client,
        digest,
    )


async def add_secret(where: Where, client: UUID, digest: bytes) -> Row:
    """A further secret; its id and when it was made."""
    row = await fetch_one(
        where,
        "insert into client_secret (client_id, digest) values ($1, $2) returning id, created_at, expires_at",
        client,
        digest,
    )
    assert row is not None
    return row


async def end_secrets(where: Where, client: UUID, at: datetime) -> int:
    """Let the client's secrets end by this time, forgetting those that are over; how many are left."""
    await execute(where, f"delete from client_secret where client_id = $1 and not {_LIVE}", client)
    await execute(
        where, "update client_secret set expires_at = least(expires_at, $2) where client_id = $1", client, at
    )
    row = await fetch_one(
        where, f"select count(*) as live from client_secret where client_id = $1 and {_LIVE}", client
    )
    return int(row["live"]) if row else 0


async def end_secret(where: Where, client: UUID, secret: UUID) -> bool:
    """Forget one secret of the client; False if it is none that works."""
    statement = f"delete from client_secret where client_id = $1 and id = $2 and {_LIVE} returning id"
    return bool(await fetch(where, statement, client, secret))


async def organisation_of(where: Where, client: UUID) -> UUID | None:
    """Whose client it is; the platform's own clients are nobody's and are not found."""
    row = await fetch_one(
        where, "select organisation_id from client where id = $1 and status <> 'closed'", client
    )
    return row["organisation_id"] if row else None


async def lock(where: Where, client: UUID) -> Row | None:
    """The facts of an organisation's client, its row locked; the platform's own are not found."""
    return await fetch_one(
        where,
        "select client_id, organisation_id, status, public_keys is not null as has_keys,"
        f" {', '.join(_COLUMNS)}"
        " from client where id = $1 and organisation_id is not null and status <> 'closed' for update",
        client,
    )


async def set_status(where: Where, client: UUID, status: str) -> None:
    await execute(where, "update client set status = $2 where id = $1", client, status)


async def close(where: Where, client: UUID) -> None:
    """Let the client never work again: without secrets, keys and web origins."""
    await execute(where, "delete from client_secret where client_id = $1", client)
    await execute(
        where,
        "update client set status = 'closed', public_keys = null, origins = '{}' where id = $1",
        client,
    )


async def names_of(where: Where, organisations: Sequence[UUID]) -> list[str]:
    """The `client_id` of every client of exactly these organisations."""
    statement = "select client_id from client where organisation_id = any($1::uuid[])"
    rows = await fetch(where, statement, list(organisations))
    return [row["client_id"] for row in rows]


async def has_origin(pool: Any, origin: str) -> bool:
    """Whether an active browser client has this origin."""
    statement = """
        select exists (select from client c left join organisation o on o.id = c.organisation_id
          where c.kind = 'browser' and c.origins @> array[$1::text] and c.status = 'active'
            and coalesce(o.status = 'active', true))"""
    return bool(await pool.fetchval(statement, origin))


def _values(wish: Wish) -> tuple[Any, ...]:
    """In the order of _COLUMNS, without the origins."""
    return (
        wish.name,
        wish.kind,
        sorted(set(wish.scopes)),
        list(dict.fromkeys(wish.redirect_uris)),
        list(dict.fromkeys(wish.post_logout_redirect_uris)),
        wish.id_token_alg,
        wish.needs_consent,
    )


def _json(public_keys: dict[str, Any] | None) -> str | None:
    return None if public_keys is None else orjson.dumps(public_keys).decode()
