"""SQL of authority: open roles along the path from the root. Everything is seen through one actor."""

from typing import Final
from uuid import UUID

from services.auth.actors import Actor
from services.auth.authority.rules import (
    EFFECTIVE,
    OUT_OF_CHARGE,
    READING_ROLES,
    VISIBLE,
    PersonStanding,
    Standing,
)
from services.auth.sql import Where, fetch_one

_STANDING: Final = f"""
select o.id, o.type, o.status, o.parent_id, o.ancestors,
  exists (select from role_assignment r
    where r.person_id = $2 and r.role = 'administrator' and {EFFECTIVE}
      and r.organisation_id = any(o.ancestors)) as in_charge,
  coalesce($3::uuid = any(o.ancestors), false) or exists (select from role_assignment r
    where r.person_id = $2 and r.role = any($4::text[]) and {EFFECTIVE}
      and r.organisation_id = any(o.ancestors)) as reads,
  {VISIBLE.format(person="$2", client_of="$3")} as visible
from organisation o
where o.id = $1
"""

# A person belongs where the open roles are; and, without any of the own, to the anchor of the roster that
# tells of them. The own roles are those given by hand and by the roster that owns the person's facts: another
# roster may say that it knows the person, by their userMasterIdentifier, but puts nobody in charge by that.
_PERSON: Final = f"""
with role as (
  select r.organisation_id, r.source_id is null or r.source_id is not distinct from p.source_id as is_own
  from role_assignment r join person p on p.id = r.person_id
  where r.person_id = $1 and r.status = 'open'
), belongs as (
  select o.id, o.ancestors, r.is_own from role r join organisation o on o.id = r.organisation_id
  union
  select o.id, o.ancestors, true from person p
    join roster_source s on s.id = p.source_id join organisation o on o.id = s.anchor_id
  where p.id = $1 and not exists (select from role r where r.is_own)
), charge as (
  select b.id from belongs b join role_assignment r on r.organisation_id = any(b.ancestors)
  where b.is_own and r.person_id = $2 and r.role = 'administrator' and {EFFECTIVE}
  order by cardinality(b.ancestors) limit 1
)
select p.id, p.id = $2 as myself,
  exists (select from guardianship g
    where g.child_id = p.id and g.guardian_id = $2 and g.status = 'open') as my_child,
  exists (select from belongs b where $3::uuid = any(b.ancestors))
    or exists (select from belongs b join role_assignment r on r.organisation_id = any(b.ancestors)
      where r.person_id = $2 and r.role = any($4::text[]) and {EFFECTIVE}) as reads,
  (select id from charge) as organisation,
  not exists ({OUT_OF_CHARGE.format(person="$1", administrator="$2")}) as nothing_outside
from person p
where p.id = $1
"""


async def standing(where: Where, actor: Actor, organisation: UUID) -> Standing | None:
    """How the actor stands to an organisation; None if there is no such one."""
    row = await fetch_one(
        where, _STANDING, organisation, actor.person, actor.organisation, list(READING_ROLES)
    )
    if row is None:
        return None
    return Standing(
        id=row["id"],
        type=row["type"],
        status=row["status"],
        parent=row["parent_id"],
        ancestors=tuple(row["ancestors"]),
        visible=row["visible"],
        in_charge=row["in_charge"],
        reads=row["reads"],
    )


async def person_standing(where: Where, actor: Actor, person: UUID) -> PersonStanding | None:
    """How the actor stands to a person; None if there is no such one."""
    row = await fetch_one(where, _PERSON, person, actor.person, actor.organisation, list(READING_ROLES))
    if row is None:
        return None
    return PersonStanding(
        id=row["id"],
        myself=bool(row["myself"]),
        my_child=row["my_child"],
        reads=row["reads"],
        in_charge=row["organisation"] is not None,
        in_whole_charge=row["organisation"] is not None and row["nothing_outside"],
        organisation=row["organisation"],
    )
