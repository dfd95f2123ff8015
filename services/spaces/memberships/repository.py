"""Who is in which space: derived from roles and from class lists, set-wise."""

from collections.abc import Sequence
from uuid import UUID

from services.spaces.tables import Connection

# A role makes a member where it is held. Who has one in a department also reads along in the institution the
# department belongs to, and an administrator reads along in every organisation above ('beneath').
_REFRESH_BY_ROLES = """
with held as (
  select r.organisation as space, r.role, r.person, 'organisation' as basis,
    r.is_primary, r.begins_on, r.ends_on
  from person_role r where r.person = any($1::uuid[])
  union all
  select above, r.role, r.person, 'beneath', r.is_primary, r.begins_on, r.ends_on
  from person_role r
  join organisation o on o.id = r.organisation
  cross join lateral unnest(case
    when r.role = 'administrator' then o.ancestors else array[o.institution]
  end) as above
  where r.person = any($1::uuid[]) and above <> o.id
), wanted as (
  select distinct on (space, role, person) * from held
  order by space, role, person, basis desc, is_primary desc, begins_on, ends_on
), gone as (
  delete from membership m
  where m.person = any($1::uuid[]) and m.basis <> 'class' and not exists (
    select from wanted w where w.space = m.space and w.role = m.role and w.person = m.person
  )
)
insert into membership as m (space, role, person, basis, is_primary, begins_on, ends_on)
select space, role, person, basis, is_primary, begins_on, ends_on from wanted
on conflict (space, role, person) do update set
  basis = excluded.basis, is_primary = excluded.is_primary,
  begins_on = excluded.begins_on, ends_on = excluded.ends_on
where (m.basis, m.is_primary, m.begins_on, m.ends_on)
  is distinct from (excluded.basis, excluded.is_primary, excluded.begins_on, excluded.ends_on)
"""

# A closed class keeps the members it had: it stays readable to them. Only a class that is first heard of
# when already closed takes its members from that snapshot.
_REPLACE_CLASS_MEMBERS = """
with snapshot as (
  select distinct on (s.id) s.id, s.members
  from jsonb_to_recordset($1::jsonb) as s (id uuid, version bigint, status text, members jsonb)
  left join school_class c on c.id = s.id
  where c.id is null or (s.version > c.version and s.status = 'active')
  order by s.id, s.status, s.version desc
), wanted as (
  select distinct on (s.id, m.role, m.person)
    s.id as space, m.role, m.person, coalesce(m."primary", false) as is_primary,
    m."from" as begins_on, m."to" as ends_on
  from snapshot s cross join lateral (
    select coalesce(t.survivor, w.person) as person, w.role, w."primary", w."from", w."to"
    from jsonb_to_recordset(s.members) as w (
      person uuid, role text, "primary" boolean, "from" date, "to" date
    )
    left join retired_person t on t.id = w.person
    where t.id is null or t.survivor is not null
  ) m
  order by s.id, m.role, m.person, is_primary desc, m."from", m."to"
), gone as (
  delete from membership m using snapshot s
  where m.space = s.id and not exists (
    select from wanted w where w.space = m.space and w.role = m.role and w.person = m.person
  )
)
insert into membership as m (space, role, person, basis, is_primary, begins_on, ends_on)
select space, role, person, 'class', is_primary, begins_on, ends_on from wanted
on conflict (space, role, person) do update set
  is_primary = excluded.is_primary, begins_on = excluded.begins_on, ends_on = excluded.ends_on
where (m.is_primary, m.begins_on, m.ends_on)
  is distinct from (excluded.is_primary, excluded.begins_on, excluded.ends_on)
"""

# Closed classes keep the members they had, so no snapshot will tell of these. What follows from roles comes
# with the survivor's own.
_HAND_OVER = """
with gone as (
  delete from membership where person = $1
  returning space, role, basis, is_primary, begins_on, ends_on
)
insert into membership (space, role, person, basis, is_primary, begins_on, ends_on)
select space, role, $2, basis, is_primary, begins_on, ends_on from gone where basis = 'class'
on conflict (space, role, person) do nothing
"""


async def refresh_by_roles(connection: Connection, people: Sequence[UUID]) -> None:
    """Derive these people's memberships in schools and regions anew from their roles."""
    await connection.execute(_REFRESH_BY_ROLES, people)


async def replace_class_members(connection: Connection, snapshots: bytes) -> None:
    """Make the members of each class those of its newest open snapshot. Call before the class is saved."""
    await connection.execute(_REPLACE_CLASS_MEMBERS, snapshots)


async def pass_on(connection: Connection, other: UUID, survivor: UUID) -> None:
    """Let the survivor be in the classes the other was in."""
    await connection.execute(_HAND_OVER, other, survivor)


async def end_all(connection: Connection, people: Sequence[UUID]) -> Sequence[UUID]:
    """Take these people out of every space; the ids of those where one of them taught."""
    rows = await connection.fetch(
        "delete from membership where person = any($1::uuid[]) returning space, role", people
    )
    return [row["space"] for row in rows if row["role"] == "teacher"]
