"""SQL of guardians and consent; every statement names the child and the guardian or actor it is about."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from services.auth.sql import Row, Where, execute, fetch, fetch_one

# A roster and a hand may both say that the two belong together: one row for both.
_CHILDREN: Final = """
select c.id as person, c.given_name, c.family_name, c.preferred_name, c.birth_date, care.relation,
  state.consent, mine.decision, mine.decided_at, mine.text_version
from (
  select distinct on (g.child_id) g.child_id, g.relation from guardianship g
  where g.guardian_id = $1 and g.status = 'open' and ($2::uuid is null or g.child_id = $2)
  order by g.child_id, g.id
) care
join person c on c.id = care.child_id
cross join lateral consent_of(array[c.id], (select today())) state
left join lateral (
  select s.decision, s.decided_at, s.text_version from guardian_consent s
  where s.child_id = c.id and s.guardian_id = $1 order by s.position desc limit 1
) mine on true
order by c.sort_key, c.id
"""
_HISTORY: Final = """
select json_build_object('decision', s.decision, 'text_version', s.text_version,
    'decided_at', to_char(s.decided_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    'guardian', json_build_object('person', g.id, 'given_name', g.given_name,
      'family_name', g.family_name))::text as document,
  s.position
from guardian_consent s join person g on g.id = s.guardian_id
where s.child_id = $1 and s.position < $2
order by s.position desc limit $3
"""
# Of age as far as anybody knows: not under 18 by the birth date, and no pupil of a school without one.
_OF_AGE: Final = """
select 1 as found from person p join consent_of(array[$1::uuid], (select today())) c on c.person_id = p.id
where p.id = $1 and p.status = 'active' and c.consent = 'not-needed'
  and coalesce(p.birth_date + interval '18 years' <= (select today()), true)
"""
_PLACE: Final = """
select r.organisation_id from role_assignment r
where r.person_id = $1 and r.role = 'student' and r.status = 'open'
order by r.is_primary desc, r.id limit 1
"""
_LINK: Final = """
insert into guardianship as g (child_id, guardian_id, relation, origin) values ($1, $2, $3, 'hand')
on conflict (child_id, guardian_id, source_id) do update
  set status = 'open', ended_by = null, ended_at = null, relation = excluded.relation
"""
# A guardian's role is where the child is a pupil, as with rosters.
_GIVE_ROLES: Final = """
insert into role_assignment as r (person_id, organisation_id, role, origin)
select distinct $2::uuid, s.organisation_id, 'guardian', 'hand' from role_assignment s
where s.person_id = $1 and s.role = 'student' and s.status = 'open'
  and not exists (select from role_assignment k where k.person_id = $2 and k.role = 'guardian'
    and k.organisation_id = s.organisation_id and k.status = 'open')
on conflict (person_id, organisation_id, role, source_id) do update
  set status = 'open', ended_by = null, ended_at = null, begins_on = null, ends_on = null
  where r.status = 'ended'
"""
_UNLINK: Final = """
update guardianship set status = 'ended', ended_by = 'hand', ended_at = now()
where child_id = $1 and guardian_id = $2 and status = 'open'
returning id
"""
_TAKE_ROLES: Final = """
update role_assignment r set status = 'ended', ended_by = 'hand', ended_at = now()
where r.person_id = $2 and r.role = 'guardian' and r.origin = 'hand' and r.status = 'open'
  and exists (select from role_assignment s where s.person_id = $1 and s.role = 'student'
    and s.organisation_id = r.organisation_id)
  and not exists (select from guardianship g join role_assignment s on s.person_id = g.child_id
    where g.guardian_id = $2 and g.status = 'open' and s.role = 'student' and s.status = 'open'
      and s.organisation_id = r.organisation_id)
"""


async def children_of(where: Where, guardian: UUID, child: UUID | None = None) -> Sequence[Row]:
    """The guardian's children, or the one, with their consent and the guardian's own last decision."""
    return await fetch(where, _CHILDREN, guardian, child)


async def history(where: Where, child: UUID, before: int, limit: int) -> Sequence[Row]:
    """What was decided for the child, newest first, as `document` (JSON) and `position`."""
    return await fetch(where, _HISTORY, child, before, limit)


async def lock(where: Where, *people: UUID) -> None:
    """Let no other transaction decide for these people until this one ends."""
    statement = "select id from person where id = any($1::uuid[]) order by id for update"
    await fetch(where, statement, list(people))


async def is_guardian(where: Where, guardian: UUID, child: UUID) -> bool:
    statement = (
        "select 1 as found from guardianship"
        " where guardian_id = $1 and child_id = $2 and status = 'open' limit 1"
    )
    return await fetch_one(where, statement, guardian, child) is not None


async def is_of_age(where: Where, person: UUID) -> bool:
    """Whether, as far as anybody knows, the person is an adult and the record is open."""
    return await fetch_one(where, _OF_AGE, person) is not None


async def consent_of(where: Where, person: UUID) -> str:
    """The person's consent as the other services are told of it."""
    statement = "select consent from consent_of(array[$1::uuid], (select today()))"
    row = await fetch_one(where, statement, person)
    return row["consent"] if row else "missing"


async def last_decision(where: Where, child: UUID, guardian: UUID) -> Row | None:
    statement = (
        "select decision, text_version from guardian_consent"
        " where child_id = $1 and guardian_id = $2 order by position desc limit 1"
    )
    return await fetch_one(where, statement, child, guardian)


async def add_decision(where: Where, child: UUID, guardian: UUID, decision: str, text_version: str) -> None:
    await execute(
        where,
        "insert into guardian_consent (child_id, guardian_id, decision, text_version)"
        " values ($1, $2, $3, $4)",
        child,
        guardian,
        decision,
        text_version,
    )


async def place_of(where: Where, child: UUID) -> UUID | None:
    """Where the child is a pupil: the administrators there find what is done in their audit."""
    row = await fetch_one(where, _PLACE, child)
    return row["organisation_id"] if row else None


async def link(where: Where, child: UUID, guardian: UUID, relation: str) -> None:
    """Open a guardianship by hand, with the guardian's role where the child is a pupil."""
    await execute(where, _LINK, child, guardian, relation)
    await execute(where, _GIVE_ROLES, child, guardian)


async def unlink(where: Where, child: UUID, guardian: UUID) -> bool:
    """End by hand whatever links the two, for good; False if nothing does."""
    ended = await fetch(where, _UNLINK, child, guardian)
    await execute(where, _TAKE_ROLES, child, guardian)
    return bool(ended)
