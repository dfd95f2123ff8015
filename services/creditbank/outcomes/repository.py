"""SQL of outcomes."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import asyncpg

from services.creditbank.tables import Connection, Pool, Where

_LEARN = """
insert into outcome (id, version, status, title, code, organisation, sourced_id)
select distinct on (c.id) c.id, c.version, c.status, c.title, c.code, c.organisation, c.sourced_id
from jsonb_to_recordset($1::jsonb) as c (id uuid, version bigint, status text, title text, code text,
  organisation uuid, sourced_id text)
order by c.id, c.version desc
on conflict (id) do update set version = excluded.version, status = excluded.status, title = excluded.title,
  code = excluded.code, organisation = excluded.organisation, sourced_id = excluded.sourced_id
where outcome.version < excluded.version
"""


async def learn(connection: Connection, courses: bytes) -> None:
    """Take over the newer of the snapshots in a JSON array of courses."""
    await connection.execute(_LEARN, courses)


_SHOWN = """
select id, kind, title, code, organisation, sourced_id, status, equivalence_group, parent from outcome
"""
# A whole and those it is a part of: how many, and whether `$2` is one of them.
_ABOVE = """
with recursive whole (id, depth) as (
  select $1::uuid, 1
  union select o.parent, w.depth + 1 from whole w join outcome o on o.id = w.id
    where o.parent is not null and w.depth < 50
) select max(depth) as depth, coalesce(bool_or(id = $2), false) as closes from whole
"""
_BELOW = """
with recursive part (id, depth) as (
  select $1::uuid, 0
  union select o.id, p.depth + 1 from part p join outcome o on o.parent = p.id where p.depth < 50
) select max(depth) from part
"""


async def shown(where: Where, outcome: UUID) -> asyncpg.Record | None:
    """An outcome; outcomes are no secret of their institutions."""
    return await where.fetchrow(f"{_SHOWN} where id = $1", outcome)


async def page(pool: Pool, organisation: UUID, after: UUID | None, limit: int) -> Sequence[asyncpg.Record]:
    """The organisation's own outcomes, by id."""
    query = f"{_SHOWN} where organisation = $1 and ($2::uuid is null or id > $2) order by id limit $3"
    return await pool.fetch(query, organisation, after, limit)


async def hold_still(connection: Connection, what: str) -> None:
    """One transaction after the other changes this: no two close a circle together."""
    await connection.execute("select pg_advisory_xact_lock(hashtextextended($1, 5))", what)


async def add(connection: Connection, outcome: UUID, *values: Any) -> None:
    """Add a unit or certificate: kind, title, code, organisation, sourced id."""
    await connection.execute(
        "insert into outcome (id, version, status, kind, title, code, organisation, sourced_id)"
        " values ($1, 0, 'active', $2, $3, $4, $5, $6)",
        outcome,
        *values,
    )


async def closes_a_circle(connection: Connection, part: UUID, whole: UUID) -> bool:
    """Whether the whole is the part, or a part of it."""
    return bool((await connection.fetchrow(_ABOVE, whole, part) or {"closes": False})["closes"])


async def depth_of(connection: Connection, part: UUID, whole: UUID) -> int:
    """How many stand in one line, were the part put into the whole."""
    above = await connection.fetchrow(_ABOVE, whole, part)
    below: int = await connection.fetchval(_BELOW, part)
    return (0 if above is None else int(above["depth"])) + 1 + below


async def relate(connection: Connection, outcome: UUID, group: UUID | None, parent: UUID | None) -> None:
    """Say of which outcomes only one counts, and of what this one is a part."""
    await connection.execute(
        "update outcome set equivalence_group = $2, parent = $3 where id = $1", outcome, group, parent
    )
