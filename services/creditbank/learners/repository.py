"""SQL of learners. The service's own side of events: no caller is involved, so none limits what is seen."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from services.creditbank.learners.rules import Relation
from services.creditbank.tables import Connection, Pool, Where

_LEARN = """
insert into learner (id, version, status, consent)
select distinct on (p.id) p.id, p.version, p.status, coalesce(p.consent, 'not-needed')
from jsonb_to_recordset($1::jsonb) as p (id uuid, version bigint, status text, consent text)
where not exists (select from erased_person e where e.id = p.id)
order by p.id, p.version desc
on conflict (id) do update
set version = excluded.version, status = excluded.status, consent = excluded.consent
where learner.version < excluded.version and learner.merged_into is null
returning number, id, version
"""
# Reads the same snapshots again, only those that were newer than what was known.
_REPLACE = """
with newer as materialized (
  select k.number, p.identifiers, p.roles, p.guardians
  from unnest($2::bigint[], $3::uuid[], $4::bigint[]) as k (number, id, version)
  join jsonb_to_recordset($1::jsonb) as p (id uuid, version bigint, identifiers jsonb, roles jsonb,
      guardians jsonb)
    on p.id = k.id and p.version = k.version
), called as (
  select distinct i.organisation, i.sourced_id, n.number
  from newer n cross join jsonb_to_recordset(n.identifiers) as i (organisation uuid, sourced_id text)
), anchored as (
  insert into roster_anchor (organisation)
  select distinct organisation from called except select organisation from roster_anchor
  on conflict do nothing
), renamed as (
  delete from learner_identifier k
  where k.learner = any($2) and not exists (
    select from called c
    where c.organisation = k.anchor and c.sourced_id = k.sourced_id and c.number = k.learner)
), named as (
  insert into learner_identifier (anchor, sourced_id, learner)
  select organisation, sourced_id, number from called
  on conflict (anchor, sourced_id, learner) do nothing
), placed as (
  select n.number, r.organisation, array_agg(distinct r.role) as roles,
    min(r."from") filter (where r.role = 'student') as since
  from newer n cross join jsonb_to_recordset(n.roles) as r (organisation uuid, role varchar, "from" date)
  group by n.number, r.organisation
), ended as (
  update learner_organisation k set roles = '{}'
  where k.learner = any($2) and k.roles <> '{}' and not exists (
    select from placed p where p.number = k.learner and p.organisation = k.organisation)
), held as (
  insert into learner_organisation (learner, organisation, roles, since)
  select number, organisation, roles, since from placed
  on conflict (learner, organisation) do update set roles = excluded.roles, since = excluded.since
  where (learner_organisation.roles, learner_organisation.since)
    is distinct from (excluded.roles, excluded.since)
), looked_after as (
  select distinct n.number, g.person
  from newer n cross join jsonb_to_recordset(n.guardians) as g (person uuid)
  where not exists (select from erased_person e where e.id = g.person)
), left_alone as (
  delete from learner_guardian k
  where k.learner = any($2) and not exists (
    select from looked_after a where a.number = k.learner and a.person = k.guardian)
), guarded as (
  insert into learner_guardian (learner, guardian) select number, person from looked_after
  on conflict do nothing
)
select array_agg(distinct p.number) from placed p
where 'student' = any(p.roles)
  and not exists (select from account a where a.learner = p.number and a.scheme = $5)
"""
# The survivor may not be known yet; its number is what counts. The other's own snapshots are old from now on.
_KNOW_BOTH = """
insert into learner (id, version, status, joined)
values ($1, $3, 'closed', true), ($2, 0, 'active', true)
on conflict (id) do update set joined = true,
  version = greatest(learner.version, excluded.version),
  status = case when learner.id = $1 then 'closed' else learner.status end
returning number, id, coalesce(merged_into, number) as holder
"""
# Roles and guardians the survivor has in the place of the other are told with the survivor's own snapshot.
_HAND_OVER = """
with passed as (
  update learner set merged_into = $2 where number = $1 or merged_into = $1
), unnamed as (
  delete from learner_identifier where learner = $1 returning anchor, sourced_id
), renamed as (
  insert into learner_identifier (anchor, sourced_id, learner) select anchor, sourced_id, $2 from unnamed
  on conflict do nothing
), left_guardians as (
  delete from learner_guardian where learner = $1
), left_places as (
  delete from learner_organisation where learner = $1 returning organisation, told
)
insert into learner_organisation as o (learner, organisation, roles, told)
select $2, organisation, '{}', told from left_places
on conflict (learner, organisation) do update set told = true where excluded.told and not o.told
"""
_FORGET = """
with numbers as materialized (select number from cut_links($1) as number), unnamed as (
  delete from learner_identifier where learner in (select number from numbers)
), unguarded as (
  delete from learner_guardian where learner in (select number from numbers) or guardian = any($1)
)
delete from learner_organisation where learner in (select number from numbers)
"""
_RELATION = """
with holder as (
  select h.number, h.consent from learner l join learner h on h.number = coalesce(l.merged_into, l.number)
  where l.id = $1
), caller as (
  select m.number, m.id from learner l join learner m
    on coalesce(m.merged_into, m.number) = coalesce(l.merged_into, l.number)
  where l.id = $2
  union select null, $2
)
select now() as at, (select consent from holder) as consent,
  $1 = $2 or exists (select from caller c join holder h on h.number = c.number) as is_own,
  exists (select from learner_guardian g join holder h on h.number = g.learner
    where g.guardian in (select id from caller)) as is_guardian
"""
_OPEN = "select learner, wrapped from open_accounts($1, $2, $3)"


async def learn(connection: Connection, people: bytes, scheme: int) -> Sequence[int]:
    """Take over the newer of the snapshots in a JSON array of people.

    Returns the numbers of those who come as a student and have no account in the scheme yet.
    """
    newer = await connection.fetch(_LEARN, people)
    if not newer:
        return []
    numbers = [row["number"] for row in newer]
    ids = [row["id"] for row in newer]
    versions = [row["version"] for row in newer]
    return await connection.fetchval(_REPLACE, people, numbers, ids, versions, scheme) or []


async def open_accounts(
    where: Where, learners: Sequence[int], schemes: Sequence[int], keys: Sequence[bytes]
) -> dict[int, bytes]:
    """Open the missing accounts; returns each learner's wrapped key, which is the older if there was one."""
    rows = await where.fetch(_OPEN, learners, schemes, keys)
    return {row["learner"]: row["wrapped"] for row in rows}


async def wrapped_keys(where: Where, learners: Sequence[int]) -> dict[int, bytes]:
    """The wrapped shred keys of learners, without those of the erased."""
    rows = await where.fetch("select learner, wrapped from shred_key where learner = any($1)", learners)
    return {row["learner"]: row["wrapped"] for row in rows}


async def join(connection: Connection, other: UUID, survivor: UUID, version: int) -> None:
    """Let the books of `other` be read with those of `survivor`, and what comes for it go to those."""
    rows = await connection.fetch(_KNOW_BOTH, other, survivor, version)
    holder = {row["id"]: row["holder"] for row in rows}
    number = next(row["number"] for row in rows if row["id"] == other)
    if number != holder[survivor]:
        await connection.execute(_HAND_OVER, number, holder[survivor])


async def relation(where: Where, learner: UUID, *, person: UUID) -> Relation:
    """What a person is to a learner, by whichever of their ids, and what the database's clock says."""
    row = await where.fetchrow(_RELATION, learner, person)
    assert row is not None, "it always has one row"
    return Relation(**dict(row))


async def is_erased(connection: Connection, person: UUID) -> bool:
    return bool(await connection.fetchval("select exists (select from erased_person where id = $1)", person))


async def erase(connection: Connection, people: Sequence[UUID]) -> None:
    """Cut every link from these people to their books, and let no late news make them anew."""
    await connection.execute(
        "insert into erased_person (id) select distinct unnest($1::uuid[]) on conflict do nothing", people
    )
    await connection.execute(_FORGET, people)


async def person_of(where: Where, number: int) -> UUID | None:
    """Whose number it is."""
    found: UUID | None = await where.fetchval("select id from learner where number = $1", number)
    return found


_COVERAGE = """
select count(*) as people, count(*) filter (where has_account) as accounts,
  count(*) filter (where is_student) as students,
  count(*) filter (where is_student and has_account) as students_with_account
from (
  select bool_or('student' = any(o.roles)) as is_student,
    exists (select from account a where a.learner = o.learner)
      or exists (select from learner m join account a on a.learner = m.number
        where m.merged_into = o.learner) as has_account
  from institution x
  join learner_organisation o on o.organisation = x.id
  where x.ancestors @> array[$1::uuid]
  group by o.learner
) t
"""


async def coverage(pool: Pool, organisation: UUID) -> asyncpg.Record:
    """Counts of those who hold or held a role in the tree; whoever asks must have been let in."""
    row = await pool.fetchrow(_COVERAGE, organisation)
    assert row is not None, "an aggregate has one row"
    return row
