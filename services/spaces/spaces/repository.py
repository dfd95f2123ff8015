"""Spaces, and what one person may know of them."""

from collections.abc import Sequence
from uuid import UUID

from services.spaces.organisations.rules import REGION_TYPES
from services.spaces.spaces.rules import KINDS
from services.spaces.tables import Connection, Pool, Row

_OPEN_PERSONAL = """
insert into space as s (id, kind, title, status)
select id, 'personal', name, status from person where id = any($1::uuid[]) order by id
on conflict (id) do update set title = excluded.title, status = excluded.status
where (s.title, s.status) <> (excluded.title, excluded.status)
"""

_OPEN_FOR_ORGANISATIONS = """
insert into space as s (id, kind, title, status)
select id, case when type = any($2::text[]) then 'region' else 'school' end, name, status
from organisation where id = any($1::uuid[]) order by id
on conflict (id) do update set kind = excluded.kind, title = excluded.title, status = excluded.status
where (s.kind, s.title, s.status) <> (excluded.kind, excluded.title, excluded.status)
"""

_OPEN_FOR_CLASSES = """
insert into space as s (id, kind, title, status)
select id, 'class', title, status from school_class where id = any($1::uuid[]) order by id
on conflict (id) do update set title = excluded.title, status = excluded.status
where (s.title, s.status) <> (excluded.title, excluded.status)
"""


# A guardian counts in the classes where the child is a student ('child'). In one's own space every role one
# holds anywhere is a view to choose from ('own').
_ENTER = """
select s.id, s.kind, s.title, s.status, me.name as caller_name, held.roles, held.bases
from space s
left join person me on me.id = $1
cross join lateral (
  select array_agg(role) as roles, array_agg(basis) as bases from (
    select m.role, m.basis from membership m
    where m.person = $1 and m.space = s.id and ($3::text is null or m.role = $3)
    union all
    select 'guardian', 'child'
    where ($3::text is null or $3 = 'guardian') and exists (
      select from guardian_link g
      join membership m on m.person = g.child and m.role = 'student' and m.basis = 'class'
      where g.guardian = $1 and m.space = s.id
    )
    union all
    select m.role, 'own' from membership m
    where s.id = $1 and m.person = $1 and ($3::text is null or m.role = $3)
    union all
    select 'guardian', 'own'
    where s.id = $1 and ($3::text is null or $3 = 'guardian')
      and exists (select from guardian_link g where g.guardian = $1)
  ) as one
) as held
where s.id = $2
"""

_MINE = """
with held as (
  select m.space, m.role, m.basis from membership m
  where m.person = $1 and ($2::text is null or m.role = $2)
  union
  select m.space, 'guardian', 'child' from guardian_link g
  join membership m on m.person = g.child and m.role = 'student' and m.basis = 'class'
  where g.guardian = $1 and ($2::text is null or $2 = 'guardian')
), every as (
  select space, role, basis from held
  union all
  select distinct $1::uuid, role, 'own' from held
  union all
  select $1, 'guardian', 'own'
  where ($2::text is null or $2 = 'guardian') and exists (select from guardian_link g where g.guardian = $1)
  union all
  select $1, null, null
), placed as (
  select s.id, s.kind, s.title, s.status,
    case when s.id = $1 then 0
      else array_position($3::text[], s.kind) + case s.status when 'closed' then 10 else 0 end
    end as place,
    array_remove(array_agg(h.role), null) as roles, array_remove(array_agg(h.basis), null) as bases
  from every h join space s on s.id = h.space
  group by s.id
)
select * from placed where (place, id) > ($4::bigint, $5) order by place, id limit $6
"""

_MEMBERS = """
select m.role, m.person, p.name, m.is_primary, m.begins_on, m.ends_on
from membership m left join person p on p.id = m.person
where m.space = $1 and ($2::text is null or m.role = $2) and (m.role, m.person) > ($3, $4)
order by m.role, m.person limit $5
"""

# Nobody posts to a personal space yet; whatever is there goes along.
_OPEN_FOR_SURVIVOR = """
insert into space (id, kind, title, status)
select $2, s.kind, s.title, s.status from space s
where s.id = $1 and exists (select from post p where p.space = s.id)
on conflict (id) do nothing
"""


async def enter(pool: Pool, caller: UUID, space: UUID, view: str | None) -> Row | None:
    """The space and what the caller holds in it (in one role only, given a view); None if there is none."""
    return await pool.fetchrow(_ENTER, caller, space, view)


async def page_of_person(
    pool: Pool, person: UUID, view: str | None, after: tuple[int, UUID], limit: int
) -> Sequence[Row]:
    """The spaces this person may read: open ones first, the own one at the head."""
    return await pool.fetch(_MINE, person, view, KINDS, *after, limit)


async def page_of_members(
    pool: Pool, space: UUID, role: str | None, after: tuple[str, UUID], limit: int
) -> Sequence[Row]:
    """The members of one space, by role; whoever asks must have been let in to see them."""
    return await pool.fetch(_MEMBERS, space, role, *after, limit)


async def open_personal(connection: Connection, people: Sequence[UUID]) -> None:
    """Give each of these people the one personal space, named after the person."""
    await connection.execute(_OPEN_PERSONAL, people)


async def open_for_classes(connection: Connection, classes: Sequence[UUID]) -> None:
    """Give each of these classes its space, with the class's title and status."""
    await connection.execute(_OPEN_FOR_CLASSES, classes)


async def open_for_organisations(connection: Connection, organisations: Sequence[UUID]) -> None:
    """Give each of these organisations its space: a region's, or else an institution's."""
    await connection.execute(_OPEN_FOR_ORGANISATIONS, organisations, REGION_TYPES)


async def pass_on_personal(connection: Connection, other: UUID, survivor: UUID) -> None:
    """Let the survivor have what the other's personal space holds, and no second space."""
    await connection.execute(_OPEN_FOR_SURVIVOR, other, survivor)
    await connection.execute("update post set space = $2 where space = $1", other, survivor)
    await connection.execute("delete from space where id = $1", other)


async def close_personal(connection: Connection, people: Sequence[UUID]) -> None:
    """Remove the personal spaces of these people with all that is in them."""
    await connection.execute("delete from post where space = any($1::uuid[])", people)
    await connection.execute("delete from space where id = any($1::uuid[])", people)
