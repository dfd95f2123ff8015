"""SQL of who decides, and of what waits for whom."""

from collections.abc import Collection, Sequence
from uuid import UUID

import asyncpg

from services.creditbank.tables import Connection, Pool, Where

_HOLDER = """
select h.number, h.id, h.consent, array(select m.number from learner m
  where m.number = h.number or m.merged_into = h.number order by m.number) as books,
  array(select m.id from learner m where m.number = h.number or m.merged_into = h.number) as ids
from learner l join learner h on h.number = coalesce(l.merged_into, l.number) where l.id = $1
"""
# A client's keepers act as it does, and a person has every id of the records that were merged.
_BEHIND = """
with known as (
  select unnest($1::uuid[]) as id
  union select k.person from client_keeper k where k.client = any($1)
)
select array(
  select id from known
  union select m.id from known k join learner l on l.id = k.id
  join learner m on coalesce(m.merged_into, m.number) = coalesce(l.merged_into, l.number))
"""
_LEARN_KEEPERS = """
insert into client_keeper (client, person)
select * from json_to_recordset($1::json) as told (id uuid, person uuid)
on conflict do nothing
"""
_LOOKS_AFTER = """
select exists (select from learner_guardian g join learner l on l.number = g.learner
  where g.guardian = any($1) and l.id = any($2))
"""
_LOOKED_AFTER = """
select array(select m.number from learner_guardian g join learner m
  on m.number = g.learner or m.merged_into = g.learner where g.guardian = any($1))
"""
_RULES = """
select exists (
  select from learner l join learner_organisation o on o.learner = coalesce(l.merged_into, l.number)
  join institution x on x.id = $1
  where l.id = $2 and o.roles && $3 and o.organisation = any(x.ancestors))
"""
_WAITING = """
with mine as materialized (
  select o.organisation, o.roles from learner_organisation o where o.learner = $1 and o.roles <> '{}'
)
select (extract(epoch from w.since) * 1000000)::bigint as since, w.id, json_build_object(
  'kind', w.kind, 'id', w.id, 'institution', json_build_object('id', x.id, 'name', x.name),
  'since', utc_text(w.since), 'due', utc_text(w.due)) as item
from waiting_approval w join institution x on x.id = w.institution
where (w.learner = any($2) or w.learner is null and exists (
    select from mine m where m.organisation = any(x.ancestors) and m.roles && w.roles::varchar[]
      and (not w.above or m.organisation <> x.id or cardinality(x.ancestors) = 1)))
  and not w.makers && ($3::uuid[] || array(select k.client from client_keeper k where k.person = any($3)))
  and ($4::bigint is null
    or (w.since, w.id) > (timestamptz 'epoch' + $4 * interval '1 microsecond', $5::uuid))
order by w.since, w.id limit $6
"""
_LATEST = 4 * 10**15  # microseconds: well after the year 2090, and within what PostgreSQL adds to a time


async def holder(where: Where, person: UUID) -> asyncpg.Record | None:
    """Number and id under which the person's books are read, consent, the books' numbers, and all ids."""
    return await where.fetchrow(_HOLDER, person)


async def behind(where: Where, ids: Collection[UUID]) -> frozenset[UUID]:
    """These people and clients, the people who can act as one of the clients, and all their ids."""
    return frozenset(await where.fetchval(_BEHIND, list(ids)))


async def learn_keepers(connection: Connection, keepers: bytes) -> None:
    """Remember who can act as which client: a JSON list of `id`, the client's, and `person`."""
    await connection.execute(_LEARN_KEEPERS, keepers)


async def looks_after(where: Where, guardians: Collection[UUID], people: Collection[UUID | None]) -> bool:
    """Whether one of the first is a guardian of one of the others."""
    return bool(await where.fetchval(_LOOKS_AFTER, list(guardians), list(people)))


async def looked_after(where: Where, guardians: Collection[UUID]) -> Sequence[int]:
    """The numbers of those who have one of these as a guardian, and of records merged into theirs."""
    found: Sequence[int] = await where.fetchval(_LOOKED_AFTER, list(guardians))
    return found


async def holds(where: Where, institution: UUID, *, person: UUID, roles: Collection[str]) -> bool:
    """Whether the person now holds one of the roles at the institution or above it."""
    return bool(await where.fetchval(_RULES, institution, person, list(roles)))


async def waiting(
    pool: Pool,
    *,
    number: int,
    books: Sequence[int],
    ids: Sequence[UUID],
    after: tuple[int, UUID] | None,
    limit: int,
) -> list[tuple[bytes, int, UUID]]:
    """What waits for a person, the oldest first, as JSON and place: microseconds since 1970, and id."""
    since, identifier = after or (None, None)
    since = None if since is None else max(0, min(since, _LATEST))
    rows = await pool.fetch(_WAITING, number, books, ids, since, identifier, limit)
    return [(row["item"], row["since"], row["id"]) for row in rows]
