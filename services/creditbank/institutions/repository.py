"""SQL of institutions."""

from collections.abc import Collection, Sequence
from uuid import UUID

import asyncpg

from libs.common.ids import new_id
from services.creditbank.tables import Connection, Pool, Where

_LEARN = """
insert into institution (id, version, status, type, name, parent, ancestors, identifier, standing)
select distinct on (o.id) o.id, o.version, o.status, o.type, o.name, o.parent, o.ancestors, o.identifier, $2
from jsonb_to_recordset($1::jsonb) as o (id uuid, version bigint, status text, type text, name text,
  parent uuid, ancestors uuid[], identifier text)
order by o.id, o.version desc
on conflict (id) do update set version = excluded.version, status = excluded.status, type = excluded.type,
  name = excluded.name, parent = excluded.parent, ancestors = excluded.ancestors,
  identifier = excluded.identifier
where institution.version < excluded.version
"""
# Built here as text: json_build_object hands the bytes through to the answer.
_TOTALS = """
select json_build_object('institution', x.id, 'name', x.name, 'totals', (
  select coalesce(json_agg(json_build_object(
    'scheme', s.code, 'entries', b.entries, 'credits', credits_text(b.amount)) order by s.code), '[]')
  from (
    select scheme, sum(posted) as entries, sum(amount)::bigint as amount
    from deposit_batch where institution = x.id group by scheme
  ) b join scheme s on s.id = b.scheme
))
from institution x where x.id = $1
"""
_IN_TREE = "select exists (select from institution where id = $1 and $2 = any(ancestors))"
_ROLE_IN_LINE = """
select exists (
  select from learner l join learner_organisation o on o.learner = coalesce(l.merged_into, l.number)
  join institution x on x.id = $1
  where l.id = $2 and o.roles && $3 and o.organisation = any(x.ancestors))
"""

_STRICTLY_ABOVE = """
select exists (
  select from learner l join learner_organisation o on o.learner = coalesce(l.merged_into, l.number)
  join institution x on x.id = $1
  where l.id = $2 and o.roles && $3 and o.organisation = any(x.ancestors)
    and (o.organisation <> x.id or cardinality(x.ancestors) = 1))
"""
_PAGE = """
select x.id, x.name, x.type, x.status, x.standing from institution x
where $1 = any(x.ancestors) and ($2::text is null or x.standing = $2) and ($3::uuid is null or x.id > $3)
order by x.id limit $4
"""


async def learn(connection: Connection, organisations: bytes, standing: str) -> None:
    """Take over the newer of the snapshots in a JSON array of organisations; new ones get this standing."""
    await connection.execute(_LEARN, organisations, standing)


async def totals(pool: Pool, institution: UUID) -> bytes:
    """What the institution issued, as JSON. Whoever asks was let in by it."""
    found: bytes = await pool.fetchval(_TOTALS, institution)
    return found


async def is_in_tree(where: Where, institution: UUID, *, root: UUID) -> bool:
    """Whether the institution is `root` or below it."""
    return bool(await where.fetchval(_IN_TREE, institution, root))


async def has_role_above(where: Where, institution: UUID, *, person: UUID, roles: Collection[str]) -> bool:
    """Whether the person now holds one of the roles at the institution or above it."""
    return bool(await where.fetchval(_ROLE_IN_LINE, institution, person, list(roles)))


async def has_role_strictly_above(
    where: Where, institution: UUID, *, person: UUID, roles: Collection[str]
) -> bool:
    """Whether the person now holds one of the roles above the institution, or at it if it is a root."""
    return bool(await where.fetchval(_STRICTLY_ABOVE, institution, person, list(roles)))


async def is_registered(where: Where, institution: UUID) -> bool:
    """Whether the institution is open, and neither suspended nor withdrawn from the bank."""
    query = (
        "select exists (select from institution"
        " where id = $1 and status = 'active' and standing = 'registered')"
    )
    return bool(await where.fetchval(query, institution))


async def held_still(connection: Connection, institution: UUID) -> str | None:
    """The institution's standing, which nobody else changes until the transaction ends."""
    query = "select standing from institution where id = $1 for no key update"
    found: str | None = await connection.fetchval(query, institution)
    return found


async def changes(where: Where, institution: UUID, most: int) -> Sequence[asyncpg.Record]:
    """Changes of its standing, newest first."""
    query = (
        "select act, standing, by, reason, at from standing_change where institution = $1"
        " order by id desc limit $2"
    )
    return await where.fetch(query, institution, most)


async def change(
    connection: Connection, institution: UUID, act: str, standing: str, by: UUID, reason: str | None
) -> None:
    """Write a change down and give the institution its standing; who may post again looks for what waits."""
    await connection.execute(
        "insert into standing_change (id, institution, act, standing, by, reason)"
        " values ($1, $2, $3, $4, $5, $6)",
        *(new_id(), institution, act, standing, by, reason),
    )
    await connection.execute("update institution set standing = $2 where id = $1", institution, standing)
    if standing == "registered":
        await connection.execute(
            "update suspense set due = true, news = news + 1 where institution = $1 and state = 'waiting'",
            institution,
        )


async def shown(pool: Pool, institution: UUID) -> asyncpg.Record | None:
    """An institution's name and standing; whoever asks must have been let in."""
    query = "select id, name, type, status, standing from institution where id = $1"
    return await pool.fetchrow(query, institution)


async def page(
    pool: Pool, under: UUID, standing: str | None, after: UUID | None, limit: int
) -> Sequence[asyncpg.Record]:
    """An institution and all below it, by id."""
    return await pool.fetch(_PAGE, under, standing, after, limit)


async def are_in_line(connection: Connection, one: UUID, other: UUID) -> bool:
    """Whether one of two institutions is the other, or above it."""
    query = (
        "select exists (select from institution where id = $1 and $2 = any(ancestors)"
        " or id = $2 and $1 = any(ancestors))"
    )
    return bool(await connection.fetchval(query, one, other))
