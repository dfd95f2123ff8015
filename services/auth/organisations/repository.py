"""SQL of the organisation tree."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from services.auth.actors import Actor
from services.auth.authority.rules import VISIBLE
from services.auth.sql import Row, Where, execute, fetch, fetch_one

_VIEW: Final = """
json_build_object('id', o.id, 'version', o.version, 'status', o.status, 'type', o.type, 'name', o.name,
  'parent', o.parent_id, 'ancestors', o.ancestors, 'identifier', o.identifier)
"""
_ONE: Final = f"select {_VIEW} from organisation o where o.id = $1"
_CHILDREN: Final = f"""
select {_VIEW}, o.name, o.id from organisation o
where o.parent_id = $1 and ($2::text is null or (o.name, o.id) > ($2, $3::uuid))
  and {VISIBLE.format(person="$5", client_of="$6")}
order by o.name, o.id limit $4
"""
_INSERT: Final = """
insert into organisation (id, type, name, parent_id, ancestors, identifier)
select $1::uuid, $2, $3, $4::uuid,
  coalesce((select ancestors from organisation where id = $4), '{}') || $1::uuid, $5
"""
_MOVE: Final = """
with above as (select ancestors from organisation where id = $2)
update organisation o set
  ancestors = above.ancestors || o.ancestors[array_position(o.ancestors, $1):],
  parent_id = case when o.id = $1 then $2 else o.parent_id end,
  decided = case when o.id = $1
    then array(select distinct unnest(o.decided || '{parent}')) else o.decided end
from above
where o.ancestors @> array[$1::uuid]
returning o.id
"""
_CLOSE: Final = """
update organisation set status = 'closed',
  decided = array(select distinct unnest(decided || '{status}'))
where id = $1
"""


async def view(pool: Any, organisation: UUID) -> bytes | None:
    """One organisation as JSON; whether the caller may see it was checked before."""
    document: bytes | None = await pool.fetchval(_ONE, organisation)
    return document


async def children(
    pool: Any, actor: Actor, parent: UUID, after: tuple[Any, ...] | None, limit: int
) -> list[Any]:
    """The organisations right below the parent that the actor sees, as (JSON, name, id), by name."""
    name, organisation = after or (None, None)
    rows: list[Any] = await pool.fetch(
        _CHILDREN, parent, name, organisation, limit, actor.person, actor.organisation
    )
    return rows


async def lock_tree(where: Where) -> None:
    """Let no other transaction move, add or close organisations until this one ends."""
    await fetch(where, "select pg_advisory_xact_lock(hashtext('organisation tree'))")


async def insert(
    where: Where, organisation: UUID, kind: str, name: str, parent: UUID | None, identifier: str | None
) -> None:
    await execute(where, _INSERT, organisation, kind, name, parent, identifier)


async def find_root(where: Where, kind: str, name: str) -> UUID | None:
    """The root with this type and name."""
    statement = "select id from organisation where parent_id is null and type = $1 and name = $2"
    row = await fetch_one(where, statement, kind, name)
    return row["id"] if row else None


async def depth_below(where: Where, organisation: UUID) -> int:
    """How many levels the organisation and what is below it take."""
    row = await fetch_one(
        where,
        "select max(cardinality(ancestors) - array_position(ancestors, $1) + 1) as levels"
        " from organisation where ancestors @> array[$1::uuid]",
        organisation,
    )
    return int(row["levels"]) if row and row["levels"] else 0


async def move(where: Where, organisation: UUID, parent: UUID) -> Sequence[UUID]:
    """Hang a subtree below another parent; the ids of all it contains."""
    return [row["id"] for row in await fetch(where, _MOVE, organisation, parent)]


async def has_open_children(where: Where, organisation: UUID) -> bool:
    statement = "select 1 as found from organisation where parent_id = $1 and status = 'active' limit 1"
    return await fetch_one(where, statement, organisation) is not None


async def close(where: Where, organisation: UUID) -> None:
    await execute(where, _CLOSE, organisation)


async def update(where: Where, organisation: UUID, fields: dict[str, Any]) -> None:
    """Set fields by hand and mark them as decided; the names come from the schema, never from outside."""
    names = list(fields)
    settings = ", ".join(f"{name} = ${place}" for place, name in enumerate(names, start=3))
    await execute(
        where,
        f"update organisation set {settings}, decided ="
        " array(select distinct unnest(decided || $2::text[])) where id = $1",
        organisation,
        names,
        *fields.values(),
    )


async def facts(where: Where, organisation: UUID) -> Row:
    """One organisation's facts inside a transaction that may have just changed them."""
    row = await fetch_one(
        where,
        "select id, version, status, type, name, parent_id as parent, ancestors, identifier"
        " from organisation where id = $1",
        organisation,
    )
    assert row is not None
    return row
