"""SQL of subscriptions and their deliveries."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

import asyncpg

from services.creditbank.tables import Connection, Pool, Where
from services.creditbank.xapi.listing import Listing

#: statements looked at in one step, whether they are wanted or not
WINDOW: Final = 2000

_JSON: Final = """json_build_object('id', r.id, 'organisation', r.organisation, 'name', r.name,
  'kind', r.kind,
  'address', r.address, 'filters', r.filters, 'status', r.status, 'delivered', r.delivered,
  'dead_letters', (select count(*) from xapi_delivery d where d.subscription = r.id and d.dead),
  'failing_since', utc_text(r.failing_since), 'last_error', r.last_error,
  'created_at', utc_text(r.created_at),
  'changes', (
    select json_agg(json_build_object('act', h.act, 'by', h.by, 'at', utc_text(h.at)) order by h.id)
    from xapi_subscription_change h where h.subscription = r.id))"""
_LISTING: Final = Listing("xapi_subscription", _JSON)
shown = _LISTING.shown
page = _LISTING.page
_LETTER: Final = """json_build_object('id', d.id, 'type', 'statements.' || d.kind, 'attempts', d.attempts,
  'error', d.error, 'tried_at', utc_text(d.tried_at), 'statements', coalesce(to_json(d.ids), (
    select coalesce(json_agg(t.id order by t.position), '[]') from xapi_statement t
    where t.organisation = s.organisation and t.position = any(d.positions))))"""
_ADD: Final = """
insert into xapi_subscription
  (id, organisation, name, kind, address, filters, verb, activity, agent, member, sealed, position, begins)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12)
"""
_TAKE: Final = """
update xapi_subscription set next_at = now() + interval '60 seconds'
where id = (
  select id from xapi_subscription where id = $1 and status in ('active', 'ending') and next_at <= now()
  for update skip locked)
returning *
"""
_WINDOW: Final = """
with next as materialized (
  select position, octet_length(body) as size,
    not voided and ($4::uuid is null or verb = $4) and ($5::uuid is null or object = $5)
      and ($6::uuid is null or actor = $6 or object = $6 or $7 = any(mentions)) as wanted
  from xapi_statement
  where organisation = $1 and position > $2 and position < $3 order by position limit $8
)
select max(position) as last, array_agg(position order by position) filter (where wanted) as positions,
  array_agg(size order by position) filter (where wanted) as sizes
from next
"""
_BODIES: Final = """
select body, attachments from xapi_statement
where organisation = $1 and position = any($2) and not voided order by position
"""


async def add(connection: Connection, subscription: UUID, organisation: UUID, *values: Any) -> None:
    """A subscription; values in the order of the columns from name to position."""
    await connection.execute(_ADD, subscription, organisation, *values)


async def count_open(connection: Connection, organisation: UUID) -> int:
    query = "select count(*) from xapi_subscription where organisation = $1 and status <> 'ended'"
    return int(await connection.fetchval(query, organisation))


async def held_still(connection: Connection, organisation: UUID) -> bool:
    """Whether there is such an organisation, which is not closed; nobody else subscribes for it meanwhile."""
    query = "select status = 'active' from institution where id = $1 for no key update"
    return bool(await connection.fetchval(query, organisation))


async def write_down(connection: Connection, change: UUID, subscription: UUID, act: str, by: UUID) -> None:
    await connection.execute(
        "insert into xapi_subscription_change (id, subscription, act, by) values ($1, $2, $3, $4)",
        *(change, subscription, act, by),
    )


async def organisation_of(where: Where, subscription: UUID) -> UUID | None:
    """Whose subscription it is; None if there is none such."""
    query = "select organisation from xapi_subscription where id = $1"
    found: UUID | None = await where.fetchval(query, subscription)
    return found


async def status_of(connection: Connection, subscription: UUID) -> str:
    """Its status, which nobody changes meanwhile."""
    query = "select status from xapi_subscription where id = $1 for update"
    return str(await connection.fetchval(query, subscription))


async def set_status(connection: Connection, subscription: UUID, status: str) -> None:
    """An ended one forgets what proved who sends."""
    await connection.execute(
        "update xapi_subscription set status = $2::varchar, next_at = now(),"
        " sealed = case when $2::varchar = 'ended' then ''::bytea else sealed end where id = $1",
        subscription,
        status,
    )


async def letters(pool: Pool, subscription: UUID, after: UUID | None, limit: int) -> list[tuple[bytes, UUID]]:
    """Its dead letters as (JSON, id), the oldest first."""
    query = (
        f"select d.id, {_LETTER} as item"
        " from xapi_delivery d join xapi_subscription s on s.id = d.subscription"
        " where d.subscription = $1 and d.dead and ($2::uuid is null or d.id > $2) order by d.id limit $3"
    )
    return [(row["item"], row["id"]) for row in await pool.fetch(query, subscription, after, limit)]


async def revive(connection: Connection, subscription: UUID, letter: UUID | None) -> int:
    """Let dead letters be tried anew, one or all; how many there were."""
    rows = await connection.fetch(
        "update xapi_delivery set dead = false, attempts = 0, error = null"
        " where subscription = $1 and dead and ($2::uuid is null or id = $2) returning 1",
        *(subscription, letter),
    )
    await connection.execute("update xapi_subscription set next_at = now() where id = $1", subscription)
    return len(rows)


async def due(pool: Pool, limit: int) -> Sequence[UUID]:
    """Subscriptions of all organisations that are to be looked after now."""
    rows = await pool.fetch(
        "select s.id from xapi_subscription s where s.status in ('active', 'ending') and s.next_at <= now()"
        " and (s.status = 'ending'"
        " or exists (select from xapi_delivery d where d.subscription = s.id and not d.dead)"
        " or exists (select from xapi_statement t"
        " where t.organisation = s.organisation and t.position > s.position))"
        " order by s.next_at limit $1",
        limit,
    )
    return [row["id"] for row in rows]


async def hold(connection: Connection, subscription: UUID) -> None:
    """The subscription before its deliveries: in this order whoever changes both takes them."""
    await connection.execute("select from xapi_subscription where id = $1 for update", subscription)


async def take(connection: Connection, subscription: UUID) -> asyncpg.Record | None:
    """The subscription, which is this worker's for a minute; None if it is another's, or not due."""
    return await connection.fetchrow(_TAKE, subscription)


async def pending(connection: Connection, subscription: UUID) -> asyncpg.Record | None:
    """The delivery that comes next."""
    return await connection.fetchrow(
        "select id, kind, positions, ids, attempts from xapi_delivery where subscription = $1 and not dead"
        " order by positions[1], id limit 1",
        subscription,
    )


async def window(connection: Connection, subscription: asyncpg.Record, end: int) -> asyncpg.Record:
    """The next statements before a position: the last one looked at, and those wanted with their sizes."""
    one = subscription
    row = await connection.fetchrow(
        _WINDOW,
        *(one["organisation"], one["position"], end, one["verb"], one["activity"], one["agent"]),
        *(one["member"], WINDOW),
    )
    assert row is not None, "an aggregate has one row"
    return row


async def begin(
    connection: Connection, subscription: UUID, delivery: UUID, positions: list[int], last: int
) -> None:
    """A delivery, if there is anything for one; the next window begins after `last`."""
    await connection.execute("update xapi_subscription set position = $2 where id = $1", subscription, last)
    if positions:
        await split(connection, subscription, [(delivery, positions)])


async def split(
    connection: Connection, subscription: UUID, deliveries: Sequence[tuple[UUID, list[int]]]
) -> None:
    for identifier, positions in deliveries:
        await connection.execute(
            "insert into xapi_delivery (id, subscription, positions) values ($1, $2, $3)",
            *(identifier, subscription, positions),
        )


async def bodies(
    connection: Connection, organisation: UUID, positions: list[int]
) -> Sequence[asyncpg.Record]:
    """The statements that are still there, as they are sent back."""
    return await connection.fetch(_BODIES, organisation, positions)


async def end(connection: Connection, delivery: UUID) -> bool:
    """It has arrived, or is parted; false if another worker saw to it."""
    query = "delete from xapi_delivery where id = $1 and not dead returning true"
    return bool(await connection.fetchval(query, delivery))


async def failed(connection: Connection, delivery: UUID, error: str, *, dead: bool) -> None:
    await connection.execute(
        "update xapi_delivery set attempts = attempts + 1, error = $2, tried_at = now(), dead = $3"
        " where id = $1 and not dead",
        *(delivery, error, dead),
    )


async def free(
    connection: Connection, subscription: UUID, pause_s: float, delivered: int, error: str | None
) -> None:
    """It is to be looked after again in `pause_s` seconds."""
    await connection.execute(
        "update xapi_subscription"
        " set next_at = now() + make_interval(secs => $2), delivered = delivered + $3,"
        " last_error = $4,"
        " failing_since = case when $4::varchar is not null then coalesce(failing_since, now()) end"
        " where id = $1",
        *(subscription, pause_s, delivered, error),
    )
