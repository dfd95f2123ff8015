"""The local copy of people, their open roles and their guardians. Only events write it."""

from collections.abc import Sequence
from uuid import UUID

from services.spaces.tables import Connection

# One statement, because reading the batch's JSON is a good part of the work: it is read once.
# A Chinese name is written family name first and without a space. The ranges are the Han blocks, with the
# supplementary planes, where rare name characters live.
_LEARN = r"""
with snapshot as materialized (
  select distinct on (s.id) s.*
  from jsonb_to_recordset($1::jsonb) as s (
    id uuid, version bigint, status text, given_name text, family_name text, preferred_name text,
    roles jsonb, guardians jsonb, consent text
  )
  where not exists (select from retired_person r where r.id = s.id)
  order by s.id, s.version desc
), changed as (
  insert into person as p (id, version, status, given_name, family_name, preferred_name, name, consent)
  select s.id, s.version, s.status, s.given_name, s.family_name, s.preferred_name,
    btrim(case
      when s.family_name || s.given_name ~ '[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]'
      then s.family_name || s.given_name
      else s.given_name || ' ' || s.family_name
    end),
    coalesce(s.consent, 'not-needed')
  from snapshot s
  on conflict (id) do update set
    version = excluded.version,
    status = excluded.status,
    given_name = excluded.given_name,
    family_name = excluded.family_name,
    preferred_name = excluded.preferred_name,
    name = excluded.name,
    consent = excluded.consent
  where excluded.version > p.version
  returning p.id
), news as materialized (
  select s.id, s.roles, s.guardians from snapshot s join changed c on c.id = s.id
), role as materialized (
  select distinct on (s.id, r.organisation, r.role)
    s.id as person, r.organisation, r.role, coalesce(r."primary", false) as is_primary,
    r."from" as begins_on, r."to" as ends_on
  from news s cross join lateral jsonb_to_recordset(s.roles) as r (
    role text, organisation uuid, "primary" boolean, "from" date, "to" date
  )
  order by s.id, r.organisation, r.role, is_primary desc, r."from", r."to"
), roles_gone as (
  delete from person_role r using changed c
  where r.person = c.id and not exists (
    select from role w
    where w.person = r.person and w.organisation = r.organisation and w.role = r.role
  )
), roles_saved as (
  insert into person_role as r (person, organisation, role, is_primary, begins_on, ends_on)
  select person, organisation, role, is_primary, begins_on, ends_on from role
  on conflict (person, organisation, role) do update set
    is_primary = excluded.is_primary, begins_on = excluded.begins_on, ends_on = excluded.ends_on
  where (r.is_primary, r.begins_on, r.ends_on)
    is distinct from (excluded.is_primary, excluded.begins_on, excluded.ends_on)
), guardian as materialized (
  select distinct on (s.id, g.person) s.id as child, g.person as guardian, g.relation
  from news s cross join lateral (
    select coalesce(t.survivor, w.person) as person, w.relation
    from jsonb_to_recordset(s.guardians) as w (person uuid, relation text)
    left join retired_person t on t.id = w.person
    where t.id is null or t.survivor <> s.id
  ) g
  order by s.id, g.person, g.relation
), guardians_gone as (
  delete from guardian_link l using changed c
  where l.child = c.id and not exists (
    select from guardian w where w.child = l.child and w.guardian = l.guardian
  )
), guardians_saved as (
  insert into guardian_link as l (child, guardian, relation)
  select child, guardian, relation from guardian
  on conflict (child, guardian) do update set relation = excluded.relation
  where l.relation <> excluded.relation
)
select id from changed
"""


async def learn(connection: Connection, snapshots: bytes) -> Sequence[UUID]:
    """Store each person's newest snapshot, roles and guardians; the ids of those it changed or added.

    `snapshots` is a JSON array; those not newer than what is stored are ignored.
    """
    return [row["id"] for row in await connection.fetch(_LEARN, snapshots)]


_HAND_OVER = """
with roles as (
  delete from person_role where person = $1
), gone as (
  delete from person where id = $1
), links as (
  delete from guardian_link where child = $1 or guardian = $1 returning child, guardian, relation
)
insert into guardian_link (child, guardian, relation)
select distinct on (child, guardian) child, guardian, relation from (
  select case child when $1 then $2 else child end as child,
    case guardian when $1 then $2 else guardian end as guardian, relation
  from links
) moved
where child <> guardian
order by child, guardian, relation
on conflict (child, guardian) do nothing
"""
_ERASE = """
with roles as (
  delete from person_role where person = any($1::uuid[])
), links as (
  delete from guardian_link where child = any($1::uuid[]) or guardian = any($1::uuid[])
)
delete from person where id = any($1::uuid[])
"""


async def pass_on(connection: Connection, other: UUID, survivor: UUID) -> None:
    """Make the other's guardians and children the survivor's.

    Facts and roles go: the survivor's are told in a snapshot of its own.
    """
    await connection.execute(_HAND_OVER, other, survivor)


async def erase(connection: Connection, people: Sequence[UUID]) -> None:
    """Forget these people, their roles, guardians and children."""
    await connection.execute(_ERASE, people)
