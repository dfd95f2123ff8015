"""The local copy of the tree of organisations. Only events write it."""

from collections.abc import Sequence
from uuid import UUID

from services.spaces.tables import Connection

_MOVED = """
select distinct s.id
from jsonb_to_recordset($1::jsonb) as s (id uuid, version bigint, type text, ancestors uuid[])
left join organisation o on o.id = s.id
where o.id is null
  or (s.version > o.version and (s.type, s.ancestors) is distinct from (o.type, o.ancestors))
"""

_SAVE = """
insert into organisation as o (id, version, status, type, name, ancestors, institution)
select distinct on (s.id) s.id, s.version, s.status, s.type, s.name, s.ancestors, s.id
from jsonb_to_recordset($1::jsonb) as s (
  id uuid, version bigint, status text, type text, name text, ancestors uuid[]
)
order by s.id, s.version desc
on conflict (id) do update set
  version = excluded.version,
  status = excluded.status,
  type = excluded.type,
  name = excluded.name,
  ancestors = excluded.ancestors
where excluded.version > o.version
returning o.id
"""

# The nearest organisation upwards that is not known to be a department. One not known at all may well be
# the institution: it counts, so that nobody is let in somewhere higher by mistake.
_PLACE = """
update organisation o set institution = nearest.id
from (
  select o.id as organisation, (
    select above.id
    from unnest(o.ancestors) with ordinality as above (id, depth)
    where not exists (select from organisation d where d.id = above.id and d.type = 'department')
    order by above.depth desc limit 1
  ) as id
  from organisation o where o.ancestors && $1::uuid[]
) nearest
where o.id = nearest.organisation and nearest.id is not null and o.institution <> nearest.id
returning o.id
"""


async def moved(connection: Connection, snapshots: bytes) -> Sequence[UUID]:
    """The ids of those snapshots that are new here, or newer with another type or place in the tree."""
    return [row["id"] for row in await connection.fetch(_MOVED, snapshots)]


async def save(connection: Connection, snapshots: bytes) -> Sequence[UUID]:
    """Store each organisation's newest snapshot and return the ids of those it changed or added."""
    return [row["id"] for row in await connection.fetch(_SAVE, snapshots)]


async def place(connection: Connection, moved: Sequence[UUID]) -> Sequence[UUID]:
    """Find the institution of all at and below the moved ones anew; returns those where it changed."""
    return [row["id"] for row in await connection.fetch(_PLACE, moved)]


async def role_holders(connection: Connection, organisations: Sequence[UUID]) -> Sequence[UUID]:
    """The people who hold a role in these organisations."""
    rows = await connection.fetch(
        "select distinct person from person_role where organisation = any($1::uuid[])", organisations
    )
    return [row["person"] for row in rows]
