"""SQL of invitations; every statement names the child, the code or the person it is about."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from services.auth.sql import Row, Where, execute, fetch, fetch_one
from services.auth.userinfo.rules import full_name

_TIME: Final = "to_char({} at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"
_WAITING: Final = "state in ('open', 'accepted') and expires_at > now()"
_LIST: Final = f"""
select coalesce(json_agg(json_build_object('id', i.id, 'relation', i.relation, 'state', i.state,
    'invited_by', i.invited_by, 'created_at', {_TIME.format("i.created_at")},
    'expires_at', {_TIME.format("i.expires_at")}) order by i.id), '[]') as items
from guardian_invitation i
where i.child_id = $1 and i.{_WAITING.replace("expires_at", "i.expires_at")}
"""
_REQUESTS: Final = """
select i.id, i.relation, i.accepted_at, g.id as person, g.given_name, g.family_name
from guardian_invitation i join person g on g.id = i.accepted_by
where i.child_id = $1 and i.state = 'accepted' and i.expires_at > now()
order by i.id
"""
_COUNT: Final = f"""
select count(*) as number from guardian_invitation
where child_id = $1 and ({_WAITING} or created_at > now() - interval '1 day')
"""
_OPEN: Final = """
select i.id, i.child_id, i.relation, i.invited_by, c.given_name, c.family_name
from guardian_invitation i join person c on c.id = i.child_id and c.status = 'active'
where i.digest = $1 and i.state = 'open' and i.expires_at > now()
for update of i
"""
_ACCEPTED: Final = """
select id, child_id, relation, invited_by, accepted_by from guardian_invitation
where id = $1 and child_id = $2 and state = 'accepted' and expires_at > now()
for update
"""
_SETTLE: Final = """
update guardian_invitation set state = $2::varchar, accepted_by = coalesce(accepted_by, $3),
  accepted_at = coalesce(accepted_at, case when $3::uuid is not null then now() end),
  ended_at = case when $2::varchar = 'accepted' then null else now() end
where id = $1
"""


async def lock_child(where: Where, child: UUID) -> None:
    """Let no other transaction count or answer the child's invitations until this one ends."""
    await fetch(where, "select id from person where id = $1 for update", child)


async def count(where: Where, child: UUID) -> int:
    """How many of the child's invitations wait or were made within a day."""
    row = await fetch_one(where, _COUNT, child)
    return int(row["number"]) if row else 0


async def insert(
    where: Where,
    invitation: UUID,
    child: UUID,
    relation: str,
    invited_by: UUID,
    digest: bytes,
    expires_at: datetime,
) -> None:
    await execute(
        where,
        "insert into guardian_invitation (id, child_id, relation, invited_by, digest, expires_at)"
        " values ($1, $2, $3, $4, $5, $6)",
        invitation,
        child,
        relation,
        invited_by,
        digest,
        expires_at,
    )


async def waiting_of(pool: Any, child: UUID) -> bytes:
    """The child's invitations that nobody has answered for good, as JSON."""
    items: bytes = await pool.fetchval(_LIST, child)
    return items


async def find_open(where: Where, digest: bytes) -> Row | None:
    """The invitation a code opens, locked."""
    return await fetch_one(where, _OPEN, digest)


async def find_accepted(where: Where, invitation: UUID, child: UUID) -> Row | None:
    """An invitation that waits for this child to agree, locked."""
    return await fetch_one(where, _ACCEPTED, invitation, child)


async def requests_to(where: Where, child: UUID) -> Sequence[Row]:
    """Who would be the child's guardian if the child agrees."""
    return await fetch(where, _REQUESTS, child)


async def find_waiting(where: Where, invitation: UUID) -> Row | None:
    """Whose invitation this is and who gave it, locked; whether the caller may touch it is the service's."""
    statement = (
        f"select child_id, invited_by from guardian_invitation where id = $1 and {_WAITING} for update"
    )
    return await fetch_one(where, statement, invitation)


async def settle(where: Where, invitation: UUID, state: str, by: UUID | None = None) -> None:
    """Bring an invitation to its next state; `by` is the person who accepted or refused it."""
    await execute(where, _SETTLE, invitation, state, by)


async def name_of(where: Where, person: UUID) -> str:
    """The person's name as it stands in a mail."""
    row = await fetch_one(where, "select given_name, family_name from person where id = $1", person)
    return full_name(row["given_name"], row["family_name"], None) if row else ""


async def name_of_organisation(where: Where, organisation: UUID) -> str:
    row = await fetch_one(where, "select name from organisation where id = $1", organisation)
    return str(row["name"]) if row else ""
