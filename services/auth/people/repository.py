"""SQL of people and their roles; what a caller may see was decided by authority before."""

from typing import Any, Final
from uuid import UUID

from services.auth.authority.rules import EFFECTIVE
from services.auth.people.rules import BY_STRENGTH
from services.auth.sql import Row, Where, execute, fetch, fetch_one

# A role of whatever kind, given by hand or by the roster that owns the person, where the administrator is not
# in charge. What another roster says of the person counts for nothing: it could lock out who is in charge.
_ELSEWHERE: Final = f"""
select 1 as found where exists (
  select from role_assignment x join person p on p.id = x.person_id
  join organisation o on o.id = x.organisation_id
  where x.person_id = $1 and x.status = 'open'
    and (x.source_id is null or x.source_id is not distinct from p.source_id)
    and not exists (select from role_assignment r
      where r.person_id = $2 and r.role = 'administrator' and {EFFECTIVE}
        and r.organisation_id = any(o.ancestors)))
"""
_ROLES: Final = """
coalesce((select json_agg(json_build_object('id', r.id, 'role', r.role,
    'organisation', json_build_object('id', o.id, 'name', o.name, 'type', o.type),
    'primary', r.is_primary, 'from', r.begins_on, 'to', r.ends_on, 'origin', r.origin{more})
    order by r.is_primary desc, r.id)
  from role_assignment r join organisation o on o.id = r.organisation_id
  where r.person_id = p.id and r.status = 'open'), '[]')
"""
_CARE: Final = """
'guardians', coalesce((select json_agg(json_build_object('person', a.id, 'given_name', a.given_name,
    'family_name', a.family_name, 'relation', g.relation) order by g.id)
  from guardianship g join person a on a.id = g.guardian_id
  where g.child_id = p.id and g.status = 'open'), '[]'),
'children', coalesce((select json_agg(json_build_object('person', c.id, 'given_name', c.given_name,
    'family_name', c.family_name, 'relation', g.relation) order by g.id)
  from guardianship g join person c on c.id = g.child_id
  where g.guardian_id = p.id and g.status = 'open'), '[]')
"""
# Contact and birth date are for the person, the guardians and the administrators in charge.
_DOCUMENT: Final = f"""
select json_build_object('id', p.id, 'version', p.version, 'status', p.status,
  'given_name', p.given_name, 'family_name', p.family_name, 'middle_name', p.middle_name,
  'preferred_name', p.preferred_name, 'roles', {{roles}}, {_CARE},
  'private', case when $2::boolean then json_build_object(
    'birth_date', p.birth_date, 'email', p.email, 'phone', p.phone, 'address', p.address,
    'decided', p.decided,
    'username', (select username from account where person_id = p.id),
    'account', (select state from account where person_id = p.id)) end)
from person p where p.id = $1
"""
_PERSON: Final = _DOCUMENT.format(roles=_ROLES.format(more=""))
# The chosen role as long as it is in force, else the primary one, else the strongest.
_STRENGTH: Final = "array_position(array['" + "', '".join(BY_STRENGTH) + "'], r.role::text)"
_ACTIVE: Final = f"""
select r.id, r.role, r.organisation_id as organisation
from role_assignment r
where r.person_id = {{person}} and {EFFECTIVE}
order by coalesce(r.id = (select x.active_role_id from session x
    where x.id = {{session}} and x.person_id = r.person_id), false) desc,
  r.is_primary desc, {_STRENGTH}, r.id
limit 1
"""
_ACTIVE_IN_SESSION: Final = f"""
select a.* from session s cross join lateral ({_ACTIVE.format(person="s.person_id", session="s.id")}) a
where s.id = $1
"""
_IS_ACTIVE: Final = f"""
, 'in_force', {EFFECTIVE},
'active', coalesce(r.id = (select a.id from ({_ACTIVE.format(person="$1", session="$3")}) a), false)
"""
_ME: Final = _DOCUMENT.format(roles=_ROLES.format(more=_IS_ACTIVE))
_ACTIVATE: Final = f"""
update session set active_role_id = $3
where id = $2 and person_id = $1 and ended_at is null
  and exists (select from role_assignment r where r.id = $3 and r.person_id = $1 and {EFFECTIVE})
returning id
"""
_LIST: Final = """
select json_build_object('id', p.id, 'version', p.version, 'status', p.status,
    'given_name', p.given_name, 'family_name', p.family_name, 'preferred_name', p.preferred_name,
    'roles', (select json_agg(json_build_object('id', r.id, 'role', r.role, 'primary', r.is_primary,
        'from', r.begins_on, 'to', r.ends_on, 'origin', r.origin) order by r.role, r.id)
      from role_assignment r where r.person_id = p.id and r.organisation_id = $1 and r.status = 'open')),
  p.sort_key, p.id
from person p
where p.id in (select r.person_id from role_assignment r
    where r.organisation_id = $1 and r.status = 'open' and ($2::text is null or r.role = $2))
  and ($3::text is null or (p.sort_key, p.id) > ($3, $4::uuid))
order by p.sort_key, p.id limit $5
"""
# A roster's own id is unique within its source; its people hold their roles at or below the anchor.
_OF_ROSTER: Final = """
select json_build_object('id', p.id, 'version', p.version, 'status', p.status,
    'given_name', p.given_name, 'family_name', p.family_name, 'preferred_name', p.preferred_name,
    'roles', held.roles),
  p.sort_key, p.id
from roster_source s
join person_identifier i on i.source_id = s.id and i.sourced_id = $2 and i.status = 'active'
join person p on p.id = i.person_id
cross join lateral (
  select json_agg(json_build_object('id', r.id, 'role', r.role, 'primary', r.is_primary,
      'from', r.begins_on, 'to', r.ends_on, 'origin', r.origin) order by r.role, r.id) as roles,
    array_agg(r.role) as names
  from role_assignment r join organisation o on o.id = r.organisation_id
  where r.person_id = p.id and r.status = 'open' and $1 = any (o.ancestors)
) held
where s.anchor_id = $1 and held.roles is not null and ($3::text is null or $3 = any (held.names))
order by p.sort_key, p.id limit $4
"""
_GRANT: Final = """
insert into role_assignment as r
  (id, person_id, organisation_id, role, is_primary, begins_on, ends_on, origin)
values ($1, $2, $3, $4, $5, $6, $7, 'hand')
on conflict (person_id, organisation_id, role, source_id) do update
  set status = 'open', ended_by = null, ended_at = null,
    is_primary = excluded.is_primary, begins_on = excluded.begins_on, ends_on = excluded.ends_on
  where r.status = 'ended'
returning r.id
"""
_END: Final = """
update role_assignment set status = 'ended', ended_by = 'hand', ended_at = now()
where id = $1 and status = 'open' returning id
"""
# Only one who can sign in today can appoint others.
_ANOTHER_ADMINISTRATOR: Final = f"""
select 1 as found from role_assignment r
join person p on p.id = r.person_id and p.status = 'active'
join account a on a.person_id = p.id and a.state = 'active'
where r.organisation_id = $1 and r.role = 'administrator' and {EFFECTIVE} and r.person_id <> $2
limit 1
"""


async def view(pool: Any, person: UUID, *, private: bool) -> bytes | None:
    """One person as JSON, with the private part where the caller may see it."""
    document: bytes | None = await pool.fetchval(_PERSON, person, private)
    return document


async def view_oneself(pool: Any, person: UUID, session: UUID | None) -> bytes | None:
    """The person as JSON for the person, with the role that is active in the session."""
    document: bytes | None = await pool.fetchval(_ME, person, True, session)
    return document


async def active_role(where: Where, session: UUID) -> Row | None:
    """Id, role and organisation of the role that is active in the session, ended or not."""
    return await fetch_one(where, _ACTIVE_IN_SESSION, session)


async def activate(where: Where, person: UUID, session: UUID, role: UUID) -> bool:
    """Choose the active role of one of the person's sessions; False unless both are the person's."""
    return await fetch_one(where, _ACTIVATE, person, session, role) is not None


async def people_of(
    pool: Any, organisation: UUID, role: str | None, after: tuple[Any, ...] | None, limit: int
) -> list[Any]:
    """Those with an open role in the organisation as (JSON, sort key, id), by family and given name."""
    sort_key, person = after or (None, None)
    rows: list[Any] = await pool.fetch(_LIST, organisation, role, sort_key, person, limit)
    return rows


async def people_of_roster(
    pool: Any, organisation: UUID, sourced_id: str, role: str | None, limit: int
) -> list[Any]:
    """Those whom a roster anchored at the organisation knows by its own id, with their roles below it."""
    rows: list[Any] = await pool.fetch(_OF_ROSTER, organisation, sourced_id, role, limit)
    return rows


async def insert(where: Where, person: UUID, fields: dict[str, Any]) -> None:
    """A person entered by hand: every given field is decided."""
    await execute(
        where,
        "insert into person (id, given_name, family_name, middle_name, preferred_name, email, phone, address,"
        " birth_date, decided) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        person,
        *(
            fields.get(name)
            for name in (
                "given_name",
                "family_name",
                "middle_name",
                "preferred_name",
                "email",
                "phone",
                "address",
                "birth_date",
            )
        ),
        sorted(fields),
    )


async def belongs_elsewhere(where: Where, person: UUID, administrator: UUID | None) -> bool:
    """Whether the person holds any role where the administrator is not in charge."""
    return await fetch_one(where, _ELSEWHERE, person, administrator) is not None


async def lock_address(where: Where, person: UUID) -> str | None:
    """The person's mail address until now; it stays as it is until the end of the transaction."""
    row = await fetch_one(where, "select email from person where id = $1 for update", person)
    return row["email"] if row else None


async def update(where: Where, person: UUID, fields: dict[str, Any]) -> None:
    """Set fields by hand and mark them as decided; the names come from the schema, never from outside."""
    names = list(fields)
    settings = ", ".join(f"{name} = ${place}" for place, name in enumerate(names, start=3))
    await execute(
        where,
        f"update person set {settings}, decided ="
        " array(select distinct unnest(decided || $2::text[])) where id = $1",
        person,
        names,
        *fields.values(),
    )


async def status(where: Where, person: UUID) -> str | None:
    """The status of the person's record, which nobody merges or erases until the transaction ends."""
    row = await fetch_one(where, "select status from person where id = $1 for key share", person)
    return row["status"] if row else None


async def grant(
    where: Where, role: UUID, person: UUID, organisation: UUID, fields: dict[str, Any]
) -> UUID | None:
    """Open a role by hand, the ended one of its kind if there is one; None if it is open already."""
    row = await fetch_one(
        where,
        _GRANT,
        role,
        person,
        organisation,
        fields["role"],
        fields["is_primary"],
        fields["begins_on"],
        fields["ends_on"],
    )
    return row["id"] if row else None


async def find_role(where: Where, role: UUID) -> Row | None:
    """An open role; whether the caller may touch it is the service's to check."""
    return await fetch_one(
        where,
        "select person_id, organisation_id, role from role_assignment where id = $1 and status = 'open'",
        role,
    )


async def end(where: Where, role: UUID) -> bool:
    """End a role by hand; of several at the same time, one alone gets True."""
    return await fetch_one(where, _END, role) is not None


async def lock_organisation(where: Where, organisation: UUID) -> None:
    """Let no other transaction count or end this organisation's administrators until this one ends."""
    await fetch_one(where, "select id from organisation where id = $1 for update", organisation)


async def roots_administered(where: Where, person: UUID) -> list[UUID]:
    """The roots whose administrator the person is, locked as by `lock_organisation`."""
    statement = (
        "select o.id from organisation o where o.parent_id is null and exists (select from role_assignment r"
        " where r.organisation_id = o.id and r.person_id = $1 and r.role = 'administrator'"
        " and r.status = 'open') order by o.id for update"
    )
    return [row["id"] for row in await fetch(where, statement, person)]


async def has_another_administrator(where: Where, organisation: UUID, person: UUID) -> bool:
    return await fetch_one(where, _ANOTHER_ADMINISTRATOR, organisation, person) is not None


async def view_within(where: Where, person: UUID) -> bytes | None:
    """One person as JSON, inside the transaction that may have just changed them, private part included."""
    statement = f"select ({_PERSON})::text as document"
    row = await fetch_one(where, statement, person, True)
    return row["document"].encode() if row and row["document"] else None
