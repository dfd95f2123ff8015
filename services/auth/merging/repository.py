"""SQL of merging; every statement names the two people it is about."""

from typing import Any, Final
from uuid import UUID

from services.auth.authority.rules import EFFECTIVE
from services.auth.merging.rules import FILLED, Record
from services.auth.sql import Where, execute, fetch, fetch_one

_RECORD: Final = """
select p.id, p.status, p.given_name, p.family_name, p.middle_name, p.preferred_name, p.email, p.phone,
  p.address, p.birth_date, p.master_identifier, p.decided, p.source_id,
  p.merged_into is not null or p.erased_at is not null as is_gone,
  a.username, a.state as account,
  exists (select from second_factor f
    where f.person_id = p.id and f.confirmed_at is not null) as has_second_factor,
  exists (select from erasure e where e.person_id = p.id and e.cancelled_at is null
    and e.done_at is null) as is_erasure_asked,
  array(select distinct i.source_id from person_identifier i
    where i.person_id = p.id and i.status = 'active') as rosters,
  (select count(*) from person_identifier i where i.person_id = p.id) as identifiers,
  (select count(*) from role_assignment r where r.person_id = p.id and r.status = 'open') as roles,
  (select count(*) from enrolment e where e.person_id = p.id and e.status = 'open') as enrolments,
  (select count(*) from guardianship g where g.child_id = p.id and g.status = 'open') as guardians,
  (select count(*) from guardianship g where g.guardian_id = p.id and g.status = 'open') as children
from person p left join account a on a.person_id = p.id
where p.id = $1
"""
# Every place that has to do with one of the two: where they hold a role or have a child who is a pupil, and
# the anchors of the rosters that name them.
_OUTSIDE: Final = f"""
select 1 as found from (
  select r.organisation_id as id from role_assignment r
  where r.person_id = any($1::uuid[]) and r.status = 'open'
  union
  select s.anchor_id from person_identifier i join roster_source s on s.id = i.source_id
  where i.person_id = any($1::uuid[]) and i.status = 'active'
  union
  select w.organisation_id from guardianship g
    join role_assignment w on w.person_id = g.child_id and w.status = 'open' and w.role = 'student'
  where g.guardian_id = any($1::uuid[]) and g.status = 'open'
) place join organisation o on o.id = place.id
where not exists (select from role_assignment r
  where r.person_id = $2 and r.role = 'administrator' and {EFFECTIVE}
    and r.organisation_id = any(o.ancestors))
limit 1
"""
_CARE_BETWEEN: Final = """
select 1 as found from guardianship
where status = 'open' and ((child_id = $1 and guardian_id = $2) or (child_id = $2 and guardian_id = $1))
limit 1
"""
# Imports hold the lock of their source (rosters/applying) and know people by ids they looked up before.
_ROSTERS_AT_REST: Final = """
select bool_and(pg_try_advisory_xact_lock(
  hashtextextended('roster:' || s.anchor_id || ':' || s.name, 0))) as rest
from (
  select distinct s.anchor_id, s.name from person_identifier i join roster_source s on s.id = i.source_id
  where i.person_id = any($1::uuid[])
) s
"""
# Of two roles of one kind in one place and of one origin the survivor's stays, for as long as either lasted.
_ROLES: Final = """
with twin as (
  select o.id as gone, s.id as kept, o.status, o.begins_on, o.ends_on, o.is_primary
  from role_assignment o join role_assignment s on s.person_id = $2
    and s.organisation_id = o.organisation_id and s.role = o.role
    and s.source_id is not distinct from o.source_id
  where o.person_id = $1
), joined as (
  update role_assignment r set status = 'open', ended_by = null, ended_at = null,
    is_primary = case r.status when 'open' then r.is_primary or t.is_primary else t.is_primary end,
    begins_on = case when r.status = 'ended' then t.begins_on
      when r.begins_on is null or t.begins_on is null then null else least(r.begins_on, t.begins_on) end,
    ends_on = case when r.status = 'ended' then t.ends_on
      when r.ends_on is null or t.ends_on is null then null else greatest(r.ends_on, t.ends_on) end
  from twin t where r.id = t.kept and t.status = 'open'
), renamed as (
  update roster_role k set assignment_id = t.kept from twin t where k.assignment_id = t.gone
), ended as (
  update role_assignment r set status = 'ended', ended_by = 'hand', ended_at = now()
  from twin t where r.id = t.gone and t.status = 'open'
)
update role_assignment r set person_id = $2
where r.person_id = $1 and not exists (select from twin t where t.gone = r.id)
returning r.id
"""
# Only the roster that owns a child speaks of its guardians ($3 owns the survivor). What another one told of
# the other record is from now on what the administrator decides, who merges the two by hand.
_GUARDIANSHIPS: Final = """
with theirs as (
  select g.id, g.status, k.*,
    row_number() over (
      partition by k.child, k.guardian, k.source order by g.status = 'open' desc, g.id) as place
  from guardianship g cross join lateral (
    select case g.child_id when $1 then $2 else g.child_id end as child,
      case g.guardian_id when $1 then $2 else g.guardian_id end as guardian,
      case when g.child_id = $1 and g.source_id is distinct from $3::uuid then null
        else g.source_id end as source
  ) k
  where (g.child_id = $1 and g.guardian_id <> $2) or (g.guardian_id = $1 and g.child_id <> $2)
), matched as (
  select t.*, s.id as kept from theirs t left join guardianship s on s.child_id = t.child
    and s.guardian_id = t.guardian and s.source_id is not distinct from t.source and s.id <> t.id
), joined as (
  update guardianship g set status = 'open', ended_by = null, ended_at = null
  from matched m where g.id = m.kept and m.status = 'open' and g.status = 'ended'
), ended as (
  update guardianship g set status = 'ended', ended_by = 'hand', ended_at = now()
  from matched m where g.id = m.id and m.status = 'open' and (m.kept is not null or m.place > 1)
), moved as (
  update guardianship g set child_id = m.child, guardian_id = m.guardian, source_id = m.source,
    origin = case when m.source is null then 'hand' else g.origin end
  from matched m where g.id = m.id and m.kept is null and m.place = 1
)
select id, child from matched
"""
# What was decided keeps its time: of one guardian for one child the last word counts.
_DECISIONS: Final = (
    "update guardian_invitation set state = 'revoked', ended_at = now() where state = 'accepted'"
    " and ((child_id = $1 and accepted_by = $2) or (child_id = $2 and accepted_by = $1))",
    "update guardian_consent set child_id = $2 where child_id = $1 and guardian_id <> $2",
    "update guardian_consent set guardian_id = $2 where guardian_id = $1 and child_id <> $2",
    "update guardian_invitation set child_id = $2 where child_id = $1",
    "update guardian_invitation set accepted_by = $2 where accepted_by = $1",
)
_ENROLMENTS: Final = """
update enrolment set person_id = $2 where person_id = $1 returning id, class_id
"""
_IDENTIFIERS: Final = """
update person_identifier set person_id = $2 where person_id = $1 returning source_id
"""
# What only the other's account needed. Codes and links are void: they were for another account.
_CREDENTIALS: Final = (
    "delete from started_sign_in where person_id = $1",
    "delete from authorization_code where person_id = $1",
    "delete from client_consent where person_id = $1",
    "delete from recovery_link where person_id = $1",
    "delete from recovery_code where person_id = $1",
    "delete from second_factor where person_id = $1",
    "delete from activation_code where person_id = $1",
)
_ALIAS: Final = """
update person set status = 'closed', merged_into = $2, master_identifier = null, source_id = null
where id = $1
"""
_FACTS: Final = f"""
update person set {", ".join(f"{name} = coalesce({name}, ${place})" for place, name in enumerate(FILLED, 5))},
  source_id = coalesce(source_id, $3), status = $4,
  decided = array(select distinct unnest(decided || $2::text[]))
where id = $1
"""


async def record(where: Where, person: UUID) -> Record | None:
    """One of the two records."""
    row = await fetch_one(where, _RECORD, person)
    return Record(**{name: row[name] for name in Record.__slots__}) if row else None


async def lock(where: Where, one: UUID, another: UUID) -> None:
    """Let no other transaction touch the two records until this one ends."""
    both = [one, another]
    await fetch(where, "select id from person where id = any($1::uuid[]) order by id for update", both)
    accounts = "select person_id from account where person_id = any($1::uuid[]) order by person_id for update"
    await fetch(where, accounts, both)


async def is_outside(where: Where, one: UUID, another: UUID, administrator: UUID | None) -> bool:
    """Whether anything of the two lies where the administrator is not in charge."""
    return await fetch_one(where, _OUTSIDE, [one, another], administrator) is not None


async def is_care_between(where: Where, one: UUID, another: UUID) -> bool:
    return await fetch_one(where, _CARE_BETWEEN, one, another) is not None


async def hold_rosters(where: Where, one: UUID, another: UUID) -> bool:
    """Keep imports of the rosters naming the two off until the end; False if one is at work."""
    row = await fetch_one(where, _ROSTERS_AT_REST, [one, another])
    return row is None or row["rest"] is not False


async def drop_credentials(where: Where, other: UUID) -> None:
    """Whatever opens the other's account, but for the password."""
    for statement in _CREDENTIALS:
        await execute(where, statement, other)


async def release_account(where: Where, person: UUID) -> None:
    """Give the user name free."""
    await execute(where, "delete from activation_code where person_id = $1", person)
    await execute(where, "delete from account where person_id = $1", person)


async def take_account(where: Where, other: UUID, survivor: UUID) -> None:
    """Let the survivor sign in as the other did."""
    await execute(where, "update account set person_id = $2 where person_id = $1", other, survivor)


async def move(where: Where, other: UUID, survivor: UUID, owner: UUID | None) -> dict[str, Any]:
    """Make the survivor's, whom the roster `owner` owns, all that is the other's; what moved, by kind."""
    identifiers = await fetch(where, _IDENTIFIERS, other, survivor)
    roles = await fetch(where, _ROLES, other, survivor)
    enrolments = await fetch(where, _ENROLMENTS, other, survivor)
    care = await fetch(where, _GUARDIANSHIPS, other, survivor, owner)
    for statement in _DECISIONS:
        await execute(where, statement, other, survivor)
    return {
        "rosters": sorted({row["source_id"] for row in identifiers}),
        "roles": [row["id"] for row in roles],
        "enrolments": [row["id"] for row in enrolments],
        "guardianships": [row["id"] for row in care],
        "classes": sorted({row["class_id"] for row in enrolments}),
        "children": sorted({row["child"] for row in care} - {survivor}),
    }


async def become_one(where: Where, other: Record, survivor: Record, filled: list[str], status: str) -> None:
    """Make the other an old id of the survivor, which gets the facts it lacked."""
    await execute(where, _ALIAS, other.id, survivor.id)
    await execute(where, "update person set merged_into = $2 where merged_into = $1", other.id, survivor.id)
    await execute(
        where,
        _FACTS,
        survivor.id,
        [name for name in filled if name in other.decided],
        other.source_id,
        status,
        *(getattr(other, name) for name in FILLED),
    )


async def survivor_of(where: Where, person: UUID) -> UUID | None:
    """Whom this old id means; None for what is none."""
    row = await fetch_one(
        where, "select merged_into from person where id = $1 and merged_into is not null", person
    )
    return row["merged_into"] if row else None
