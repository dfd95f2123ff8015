"""SQL of removing statements; an erasure is of a person, everything else of one organisation."""

from collections.abc import Sequence
from typing import Any, Final, Protocol
from uuid import UUID

import asyncpg

from services.creditbank.tables import Connection, Pool, Where

# One look-up an organisation that has a store.
_STORES: Final = """
with recursive s(organisation) as (
    (select organisation from xapi_statement order by organisation limit 1)
  union all
    select (select n.organisation from xapi_statement n where n.organisation > s.organisation
      order by n.organisation limit 1)
    from s where s.organisation is not null
), d(organisation) as (
    (select organisation from xapi_document order by organisation limit 1)
  union all
    select (select n.organisation from xapi_document n where n.organisation > d.organisation
      order by n.organisation limit 1)
    from d where d.organisation is not null
)
select organisation from s where organisation is not null
union select organisation from d where organisation is not null
"""
# Keys of an agent who acts, is the object or vouches; with `mentioned`, of whom a statement names elsewhere.
_TRACES: Final = """
with spans as materialized (
  select * from unnest($1::uuid[], $2::uuid[], $3::boolean[], $4::bigint[], $5::bigint[])
    as k (organisation, key, mentioned, begin, "end")
)
select f.organisation, f.position from spans k cross join lateral (
    select s.organisation, s.position from xapi_statement s
    where not k.mentioned and s.actor = k.key and s.position >= k.begin and s.position < k."end" limit $6
  ) f
union select f.organisation, f.position from spans k cross join lateral (
    select s.organisation, s.position from xapi_statement s
    where not k.mentioned and s.object = k.key and s.position >= k.begin and s.position < k."end" limit $6
  ) f
union select f.organisation, f.position from spans k cross join lateral (
    select s.organisation, s.position from xapi_statement s
    where not k.mentioned and s.authority = k.key and s.position >= k.begin and s.position < k."end" limit $6
  ) f
union select k.organisation, f.position from spans k cross join lateral (
    select m.position from xapi_mention m
    where k.mentioned and m.key = k.key and m.depth = 0 and m.position >= k.begin and m.position < k."end"
    limit $6
  ) f
order by organisation, position limit $6
"""
# Whether it voids what is there: that stays void, whoever said so.
_STATEMENTS: Final = """
select s.position, s.body, s.actor, s.voiding > 0 and exists (
    select from xapi_statement t where t.organisation = s.organisation and t.id = s.target) as voids,
  s.attachments
from xapi_statement s where s.organisation = $1 and s.position = any($2) order by s.position
"""
_DOCUMENTS: Final = """
with gone as (
  delete from xapi_document d using (
    select coalesce(e.organisation, o.organisation) as organisation,
      sha256(convert_to(e.agent, 'UTF8')) as agent, e.since, e.until
    from xapi_erasure e left join unnest($2::uuid[]) as o (organisation) on e.organisation is null
    where e.erasure = $1) k
  where d.organisation = k.organisation and d.agent = k.agent
    and d.modified_at >= k.since and d.modified_at < k.until
  returning d.organisation
)
select organisation, count(*) as count from gone group by organisation
"""
_ERASURE: Final = """
select erasure, organisation, agent, xapi_position(since) as begin, xapi_position(until) as end
from xapi_erasure where erasure = $1 order by id
"""


# What a selection removes; what voids something that is there goes with that.
_MEANT: Final = """
not (s.voiding > 0 and exists (
  select from xapi_statement t where t.organisation = s.organisation and t.id = s.target))
"""
# What is never pruned: credits were posted for it, or are about to be.
_KEPT: Final = """
exists (select from xapi_evidence e join xapi_claim c on c.id = e.claim
  where e.organisation = s.organisation and e.statement = s.id and c.state <> 'refused')
"""


async def begin(connection: Connection, people: Sequence[UUID], issuer: str) -> None:
    """Write down what is to be erased of people, before their ids are cut."""
    await connection.execute("select begin_erasures($1, $2)", people, issuer)


async def begin_one(where: Where, erasure: UUID, organisation: UUID, agent: str) -> None:
    """Write down one agent of one organisation, whom auth does not know."""
    await where.execute(
        "insert into xapi_erasure (id, erasure, organisation, agent, since, until)"
        " values ($1, $1, $2, $3, '-infinity', 'infinity')",
        *(erasure, organisation, agent),
    )


async def next_erasure(connection: Connection) -> Sequence[asyncpg.Record]:
    """The agents of one erasure; no other worker erases until the transaction ends."""
    if not await connection.fetchval("select pg_try_advisory_xact_lock(7013, 0)"):
        return []
    first = await connection.fetchval("select erasure from xapi_erasure order by id limit 1")
    return [] if first is None else await connection.fetch(_ERASURE, first)


async def stores(where: Where) -> list[UUID]:
    """The organisations that have statements or documents."""
    return [row["organisation"] for row in await where.fetch(_STORES)]


async def traces(
    where: Where, keys: Sequence[tuple[UUID, str, bool, int, int]], limit: int
) -> list[tuple[UUID, int]]:
    """Some statements with these (organisation, key, mentioned, begin, end): organisation and position."""
    columns = [list(column) for column in zip(*keys, strict=True)]
    rows = await where.fetch(_TRACES, *columns, limit)
    return [(UUID(bytes=row["organisation"].bytes), row["position"]) for row in rows]


async def statements(where: Where, organisation: UUID, positions: list[int]) -> Sequence[asyncpg.Record]:
    """What they say, who acts, whether they void what stays."""
    return await where.fetch(_STATEMENTS, organisation, positions)


async def remove(where: Where, organisation: UUID, positions: list[int], *, for_good: bool) -> int:
    """The one way in which statements are removed; how many were, with those that void them."""
    return int(
        await where.fetchval("select remove_statements($1, $2, $3)", organisation, positions, for_good)
    )


async def rename(connection: Connection, organisation: UUID, rows: Sequence[tuple[Any, ...]]) -> None:
    """Put statements in the place of what they were, as (position, authority, actor, object, mentions,
    attachments, body)."""
    columns = [list(column) for column in zip(*rows, strict=True)]
    await connection.execute(
        "select rename_in_statements($1, $2, $3, $4, $5, $6, $7, $8)", organisation, *columns
    )


async def rename_in_filters(connection: Connection, rows: Sequence[tuple[UUID, str, str, str, UUID]]) -> None:
    """End subscriptions that name these agents; nobody is in their place.

    As (organisation, key, JSON of nobody, key of nobody, what ends it).
    """
    columns = [list(column) for column in zip(*rows, strict=True)]
    await connection.execute("select rename_in_filters($1, $2, $3, $4, $5)", *columns)


async def remove_documents(connection: Connection, erasure: UUID, stores: Sequence[UUID]) -> dict[UUID, int]:
    """Documents of the erasure's agents, by how many there were in which organisation."""
    rows = await connection.fetch(_DOCUMENTS, erasure, stores)
    return {UUID(bytes=row["organisation"].bytes): row["count"] for row in rows}


async def finish(connection: Connection, erasure: UUID) -> None:
    """Nothing is left of it."""
    await connection.execute("delete from xapi_erasure where erasure = $1", erasure)


async def is_known(pool: Pool, organisation: UUID) -> bool:
    """Whether the bank knows the organisation."""
    return bool(await pool.fetchval("select exists (select from institution where id = $1)", organisation))


class Selected(Protocol):
    """Conditions on `s`, the statements, and their values."""

    conditions: list[str]
    values: list[object]


async def counted(where: Where, selection: Selected) -> tuple[int, int]:
    """How many statements would go, with those that void them, and how many meet the conditions but stay."""
    query = f"""
with met as materialized (
  select s.organisation, s.id, {_KEPT} as kept from xapi_statement s
  where {" and ".join(selection.conditions)} and {_MEANT}
)
select count(*) filter (where kept) as kept, count(*) filter (where not kept) + (
    select count(*) from met m join xapi_statement v on v.organisation = m.organisation and v.target = m.id
    where v.voiding > 0 and not m.kept) as statements
from met
"""
    row = await where.fetchrow(query, *selection.values)
    assert row is not None, "an aggregate has one row"
    return row["statements"], row["kept"]


async def some(where: Where, selection: Selected, limit: int) -> Sequence[asyncpg.Record]:
    """The next positions of a selection, and whether each stays."""
    query = f"""
select s.position, {_KEPT} as kept from xapi_statement s
where {" and ".join(selection.conditions)} and {_MEANT} order by s.position limit {limit}
"""
    return await where.fetch(query, *selection.values)
