"""SQL of erasure; every statement names the people it is about."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from services.auth.authority.rules import EFFECTIVE
from services.auth.sql import Row, Where, execute, fetch, fetch_one

_WAITING: Final = "e.cancelled_at is null and e.done_at is null"
# Whom a roster names would be made anew by its next import; a root is never left without an administrator.
_NAMED: Final = """
exists (select from person_identifier i join person p on p.id = i.person_id
  where (p.id = e.person_id or p.merged_into = e.person_id) and i.status = 'active')
"""
_ALONE: Final = f"""
exists (select from role_assignment m join organisation o on o.id = m.organisation_id and o.parent_id is null
  where m.person_id = e.person_id and m.role = 'administrator' and m.status = 'open'
    and not exists (select from role_assignment r
      join person p on p.id = r.person_id and p.status = 'active'
      join account a on a.person_id = p.id and a.state = 'active'
      where r.organisation_id = o.id and r.role = 'administrator' and r.person_id <> e.person_id
        and {EFFECTIVE}))
"""
_ASK: Final = """
insert into erasure (person_id, asked_by, due_at)
select $1, $2, now() + $3::integer * interval '1 day'
from person p where p.id = $1 and p.merged_into is null and p.erased_at is null for key share of p
on conflict (person_id) where cancelled_at is null and done_at is null do nothing
returning due_at
"""
_FIND: Final = f"""
select e.id, e.asked_by, e.asked_at, e.due_at, e.due_at > now() as is_early, {_NAMED} as is_named,
  {_ALONE} as is_alone
from erasure e where e.person_id = $1 and {_WAITING}
"""
_CANCEL: Final = """
update erasure e set cancelled_at = now(), cancelled_by = $2
where e.person_id = $1 and e.cancelled_at is null and e.done_at is null
returning e.id
"""
_TAKE_DUE: Final = f"""
select e.person_id from erasure e
where {_WAITING} and e.due_at <= now() and not {_NAMED} and not {_ALONE}
order by e.due_at limit $1
for update skip locked
"""
# A record merged into one of these is an old id of the same person.
_ALL_IDS: Final = """
select id from person where (id = any($1::uuid[]) or merged_into = any($1::uuid[])) order by id for update
"""
_AFFECTED: Final = """
select
  array(select distinct g.child_id from guardianship g
    where g.guardian_id = any($1::uuid[]) and g.child_id <> all($1::uuid[])
      and g.status = 'open') as children,
  array(select distinct g.guardian_id from guardianship g
    where g.child_id = any($1::uuid[]) and g.guardian_id <> all($1::uuid[])
      and g.status = 'open') as guardians,
  array(select distinct e.class_id from enrolment e
    where e.person_id = any($1::uuid[]) and e.status = 'open') as classes
"""
# In the order in which rows lean on one another; whatever names a person without being about the person
# (who issued, decided, invited or asked) keeps the bare id.
_GO: Final = (
    "delete from mail where recipient in (select email from person where id = any($1::uuid[]))",
    "delete from recovery_wish where canonical in ("
    "select canonical from account where person_id = any($1::uuid[]))",
    """
    update roster_finding f set value = null,
      "values" = (select coalesce(json_object_agg(v.key, ''), '{}') from json_each(f."values") v)
    from roster_import j, roster_source s, person_identifier i
    where j.id = f.import_id and s.anchor_id = j.organisation_id and s.name = j.source_name
      and i.source_id = s.id and i.person_id = any($1::uuid[])
      and (f.value in (i.sourced_id, i.username) or exists (
        select from json_each_text(f."values") v where v.value in (i.sourced_id, i.username)))
    """,
    # A refresh locks the family before its tokens.
    "select id from token_family where person_id = any($1::uuid[]) order by id for update",
    "delete from refresh_token t using token_family f"
    " where t.family_id = f.id and f.person_id = any($1::uuid[])",
    "delete from token_family where person_id = any($1::uuid[])",
    "delete from authorization_code where person_id = any($1::uuid[])",
    "delete from client_consent where person_id = any($1::uuid[])",
    "delete from started_sign_in where person_id = any($1::uuid[])",
    "delete from session where person_id = any($1::uuid[])",
    "delete from second_factor where person_id = any($1::uuid[])",
    "delete from recovery_code where person_id = any($1::uuid[])",
    "delete from recovery_link where person_id = any($1::uuid[])",
    "delete from activation_code where person_id = any($1::uuid[])",
    "delete from account where person_id = any($1::uuid[])",
    "delete from guardian_consent where child_id = any($1::uuid[]) or guardian_id = any($1::uuid[])",
    "delete from guardian_invitation where child_id = any($1::uuid[]) or accepted_by = any($1::uuid[])",
    # Who was a guardian at a school for the sake of these children alone is none there any more.
    """
    update role_assignment r set status = 'ended', ended_by = 'hand', ended_at = now()
    from guardianship g join role_assignment s on s.person_id = g.child_id and s.role = 'student'
    where g.child_id = any($1::uuid[]) and g.status = 'open'
      and r.person_id = g.guardian_id and r.organisation_id = s.organisation_id
      and r.role = 'guardian' and r.origin = 'hand' and r.status = 'open'
      and not exists (select from guardianship k join role_assignment x on x.person_id = k.child_id
        where k.guardian_id = r.person_id and k.status = 'open' and k.child_id <> all($1::uuid[])
          and x.role = 'student' and x.status = 'open' and x.organisation_id = r.organisation_id)
    """,
    "delete from guardianship where child_id = any($1::uuid[]) or guardian_id = any($1::uuid[])",
    "delete from enrolment where person_id = any($1::uuid[])",
    "delete from roster_role k using role_assignment r"
    " where k.assignment_id = r.id and r.person_id = any($1::uuid[])",
    "delete from role_assignment where person_id = any($1::uuid[])",
    "delete from person_identifier where person_id = any($1::uuid[])",
    """
    update person set given_name = '', family_name = '', middle_name = null, preferred_name = null,
      email = null, phone = null, address = null, birth_date = null, master_identifier = null,
      source_id = null, decided = '{}', status = 'closed', erased_at = now()
    where id = any($1::uuid[])
    """,
)


async def ask(where: Where, person: UUID, asked_by: UUID, days: int) -> datetime | None:
    """Let the person be erased in so many days; when. None if that waits already."""
    row = await fetch_one(where, _ASK, person, asked_by, days)
    return row["due_at"] if row else None


async def find(where: Where, person: UUID) -> Row | None:
    """The person's waiting erasure and what it waits for."""
    return await fetch_one(where, _FIND, person)


async def cancel(where: Where, person: UUID, cancelled_by: UUID) -> bool:
    return await fetch_one(where, _CANCEL, person, cancelled_by) is not None


async def place_of(where: Where, person: UUID) -> UUID | None:
    """A place of the person's, whose administrators find in their audit what is done."""
    statement = (
        "select organisation_id from role_assignment where person_id = $1"
        " order by status = 'open' desc, is_primary desc, id limit 1"
    )
    row = await fetch_one(where, statement, person)
    return row["organisation_id"] if row else None


async def take_due(where: Where, at_most: int) -> list[UUID]:
    """People whose day has come and whom nothing keeps, held against other processes until the end."""
    return [row["person_id"] for row in await fetch(where, _TAKE_DUE, at_most)]


async def all_ids(where: Where, people: Sequence[UUID]) -> list[UUID]:
    """These people's ids and the old ones, their records and accounts locked."""
    ids = [row["id"] for row in await fetch(where, _ALL_IDS, list(people))]
    accounts = "select person_id from account where person_id = any($1::uuid[]) order by person_id for update"
    await fetch(where, accounts, ids)
    return ids


async def affected(where: Where, ids: Sequence[UUID]) -> Row:
    """The children in these people's care, those who care for them, and the classes they are in."""
    row = await fetch_one(where, _AFFECTED, list(ids))
    assert row is not None, "it always has one row"
    return row


async def forget(where: Where, ids: Sequence[UUID]) -> None:
    """Delete what is about these people; of their records only the ids stay."""
    for statement in _GO:
        await execute(where, statement, list(ids))


async def told_before(where: Where, ids: Sequence[UUID]) -> list[int]:
    """The numbers of the events that told of these people."""
    statement = "select sequence from outbox where subject = any($1::text[]) and sequence is not null"
    return [row["sequence"] for row in await fetch(where, statement, [str(person) for person in ids])]


async def note_done(where: Where, people: Sequence[UUID]) -> None:
    await execute(
        where,
        f"update erasure e set done_at = now() where e.person_id = any($1::uuid[]) and {_WAITING}",
        list(people),
    )


def reasons(found: Row) -> list[Any]:
    """What a waiting erasure waits for, by its row."""
    waits = {"time": "is_early", "roster": "is_named", "last_administrator": "is_alone"}
    return [reason for reason, column in waits.items() if found[column]]
