"""Who may do what where: authority flows down the tree, never up or sideways."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

# Roles whose holders read the people of their organisation and of everything below it.
READING_ROLES: Final = ("teacher", "staff", "registrar", "assessor", "administrator", "auditor")

# The condition, in SQL, under which an assignment `r` counts today, on the platform's calendar.
EFFECTIVE: Final = (
    "r.status = 'open' and coalesce(r.begins_on <= (select today()), true)"
    " and coalesce(r.ends_on >= (select today()), true)"
)

# The condition, in SQL, under which an actor sees an organisation `o`: a client its own and all below it; a
# person also the path above the own roles.
VISIBLE: Final = f"""
(coalesce({{client_of}}::uuid = any(o.ancestors), false)
  or exists (select from role_assignment r join organisation mine on mine.id = r.organisation_id
    where r.person_id = {{person}} and {EFFECTIVE}
      and (r.organisation_id = any(o.ancestors) or o.id = any(mine.ancestors))))
"""

# Rows, in SQL, where an administrator falls short of a person: an organisation in which the person works, or
# a child in the person's care is a pupil, and of which the administrator is not in charge. Whoever takes over
# an account acts as its person, so this is asked wherever an account or the facts behind it are touched.
OUT_OF_CHARGE: Final = f"""
select from (
  select w.organisation_id from role_assignment w
  where w.person_id = {{person}} and w.status = 'open' and w.role not in ('student', 'guardian')
  union all
  select w.organisation_id from guardianship g
    join role_assignment w on w.person_id = g.child_id and w.status = 'open' and w.role = 'student'
  where g.guardian_id = {{person}} and g.status = 'open'
) x join organisation o on o.id = x.organisation_id
where not exists (select from role_assignment r
    where r.person_id = {{administrator}} and r.role = 'administrator' and {EFFECTIVE}
      and r.organisation_id = any(o.ancestors))
"""


# Rows, in SQL, where somebody is in charge of a person now: an administrator, who can sign in, of a place of
# the person's own roles, or of the anchor of the roster that owns one who has no role.
IN_CHARGE: Final = f"""
select from role_assignment r
  join account k on k.person_id = r.person_id and k.state = 'active'
  join person h on h.id = {{person}}
where r.person_id = {{administrator}} and r.role = 'administrator' and {EFFECTIVE}
  and r.organisation_id = any(
    select unnest(o.ancestors) from (
      select w.organisation_id as id from role_assignment w
      where w.person_id = h.id and w.status = 'open'
        and (w.source_id is null or w.source_id is not distinct from h.source_id)
      union all
      select s.anchor_id from roster_source s
      where s.id = h.source_id and not exists (select from role_assignment w
        where w.person_id = h.id and w.status = 'open'
          and (w.source_id is null or w.source_id = h.source_id))
    ) belongs join organisation o on o.id = belongs.id)
"""


@dataclass(frozen=True, slots=True)
class Standing:
    """An organisation as one actor stands to it."""

    id: UUID
    type: str
    status: str
    parent: UUID | None
    ancestors: tuple[UUID, ...]
    visible: bool
    in_charge: bool
    reads: bool


@dataclass(frozen=True, slots=True)
class PersonStanding:
    """A person as one actor stands to them; `organisation` is one of theirs for which the actor answers.

    `in_whole_charge`: in charge of every place where the person works or has a child in care, too.
    """

    id: UUID
    myself: bool
    my_child: bool
    reads: bool
    in_charge: bool
    in_whole_charge: bool
    organisation: UUID | None
