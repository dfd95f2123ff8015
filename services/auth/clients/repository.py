"""SQL of clients; `find_active` is the hot path of the token endpoint."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from services.auth.audit.rules import INSERT as AUDIT
from services.auth.sql import Row, Where, execute, fetch_one

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
_VIEW: Final = """
json_build_object('id', c.id, 'client_id', c.client_id, 'name', c.name, 'organisation', c.organisation_id,
  'scopes', c.scopes, 'status', c.status,
  'created_at', to_char(c.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))
"""
_LIST: Final = f"""
select {_VIEW}, c.id from client c
where c.organisation_id in (select id from organisation where ancestors @> array[$1::uuid])
  and ($2::uuid is null or c.id > $2)
order by c.id limit $3
"""
_UPSERT: Final = """
insert into client as c (id, client_id, name, organisation_id, scopes) values ($1, $2, $3, $4, $5)
on conflict (client_id) do update
  set name = excluded.name, organisation_id = excluded.organisation_id, scopes = excluded.scopes
returning c.id
"""


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
    rows: list[Any] = await pool.fetch(_LIST, organisation, client, limit)
    return rows


async def upsert(
    where: Where, client: UUID, client_id: str, name: str, organisation: UUID | None, scopes: list[str]
) -> UUID:
    """Insert a client, or bring the one of this name up to date; its id."""
    row = await fetch_one(where, _UPSERT, client, client_id, name, organisation, scopes)
    assert row is not None
    identifier: UUID = row["id"]
    return identifier


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


async def organisation_of(where: Where, client: UUID) -> Row | None:
    """Whose client it is, its row locked; the platform's own clients are nobody's and are not found."""
    return await fetch_one(
        where,
        "select organisation_id, status from client where id = $1 and organisation_id is not null for update",
        client,
    )


async def set_status(where: Where, client: UUID, status: str) -> None:
    await execute(where, "update client set status = $2 where id = $1", client, status)


async def facts(where: Where, client: UUID) -> Row:
    """A client's facts, inside the transaction that has just made or changed it."""
    row = await fetch_one(
        where,
        "select id, client_id, name, organisation_id as organisation, scopes, status, created_at"
        " from client where id = $1",
        client,
    )
    assert row is not None
    return row
