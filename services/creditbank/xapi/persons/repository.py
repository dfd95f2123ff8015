"""SQL of persons in the record store: the agents they are, and the statements these are the actors of."""

from collections.abc import Collection, Sequence
from typing import Final
from uuid import UUID

import asyncpg

from services.creditbank.tables import Connection, Pool, Where

_NUMBERS: Final = """
select array(select m.number from learner m where m.number = h.number or m.merged_into = h.number) as numbers,
  h.number as holder
from learner l join learner h on h.number = coalesce(l.merged_into, l.number) where l.id = $1
"""
_IN_CHARGE: Final = """
select exists (
  select from learner c
  join learner_organisation r on r.learner = coalesce(c.merged_into, c.number)
  join learner_organisation o on o.learner = $1 and o.roles <> '{}'
  join institution x on x.id = o.organisation
  where c.id = $2 and r.roles && $3 and r.organisation = any(x.ancestors)
    and coalesce(c.merged_into, c.number) <> $1)
"""
_SHOWN: Final = """
select i.id, i.agent, i.source, i.since, i.left_at, i.linked_by from xapi_identity i
where i.learner = any($1) order by i.id
"""
_LINK: Final = """
insert into xapi_identity (id, key, agent, learner, source, since, linked_by)
select $1, sha256(convert_to($2, 'UTF8')), $2, $3, 'link',
  case when exists (select from xapi_identity o where o.key = sha256(convert_to($2, 'UTF8')))
    then now() else '-infinity' end, $4
"""
_HELD: Final = """
select i.learner from xapi_identity i
where i.key = sha256(convert_to($1, 'UTF8')) and i.left_at is null limit 1
"""
_RECORD: Final = """
select f.position, f.organisation, f.id, f.body
from xapi_keys_of($1, $2, $3) k cross join lateral (
  select s.position, s.organisation, s.id, s.body from xapi_statement s
  where s.actor = k.key and s.organisation = k.organisation and not s.voided
    and s.position >= k.since and s.position < least(k.until, $4)
  order by s.position desc limit $5
) f
group by f.position, f.organisation, f.id, f.body
order by f.position desc, f.organisation limit $5
"""
# Those whom an agent names now, if they have or had a role in the organisation or below it.
_NAMED: Final = """
select h.number as holder from learner l
join learner h on h.number = coalesce(l.merged_into, l.number)
where (l.number in (
    select i.learner from xapi_identity i where i.key = sha256(convert_to($1, 'UTF8')) and i.left_at is null)
  or l.id = $2)
  and exists (
    select from learner_organisation o join institution x on x.id = o.organisation
    where o.learner = h.number and $3 = any(x.ancestors))
group by h.number limit 2
"""
_AGENTS: Final = """
select a.agent from xapi_agents_of(array(
  select m.number from learner m where m.number = $1 or m.merged_into = $1), $2) a
where a.until = 'infinity' order by a.agent
"""


async def learn(connection: Connection, people: bytes) -> None:
    """Take over the agents that snapshots of people name."""
    await connection.execute("select learn_identities($1)", people)


async def forget(connection: Connection, people: Sequence[UUID]) -> None:
    """No agent names these people any more."""
    await connection.execute(
        "delete from xapi_identity where learner in (select number from learner where id = any($1))", people
    )


async def numbers(where: Where, person: UUID) -> asyncpg.Record | None:
    """The numbers of all records of a person, and the one that stands for all."""
    return await where.fetchrow(_NUMBERS, person)


async def in_charge(pool: Pool, holder: int, *, person: UUID, roles: Collection[str]) -> bool:
    """Whether somebody else holds one of the roles where the learner has one, or above."""
    return bool(await pool.fetchval(_IN_CHARGE, holder, person, list(roles)))


async def shown(where: Where, records: Sequence[int]) -> Sequence[asyncpg.Record]:
    """The agents that name or named the person with these records."""
    return await where.fetch(_SHOWN, records)


async def hold_still(connection: Connection, agent: str) -> None:
    """Nobody else links this agent until the transaction ends."""
    await connection.execute("select pg_advisory_xact_lock(7012, hashtext($1))", agent)


async def holder_of(connection: Connection, agent: str) -> int | None:
    """The number of a record that the agent names now."""
    found: int | None = await connection.fetchval(_HELD, agent)
    return found


async def link(connection: Connection, identity: UUID, agent: str, learner: int, by: UUID) -> None:
    """Say so, and let what waits for who this agent is be looked at again."""
    await connection.execute(_LINK, identity, agent, learner, by)
    await connection.execute(
        "update xapi_reaction_match set due = true where agent = sha256(convert_to($1, 'UTF8'))", agent
    )


async def unlink(pool: Pool, records: Sequence[int], identity: UUID) -> bool:
    """Whether such a link of the person existed, and worked until now."""
    query = (
        "update xapi_identity set left_at = now()"
        " where id = $1 and learner = any($2) and source = 'link' and left_at is null returning true"
    )
    return bool(await pool.fetchval(query, identity, records))


async def record(
    pool: Pool, holder: int, records: Sequence[int], *, issuer: str, before: int, limit: int
) -> Sequence[asyncpg.Record]:
    """Statements with the person as actor, of the organisations of their line, newest first."""
    return await pool.fetch(_RECORD, holder, list(records), issuer, before, limit)


async def named(pool: Pool, agent: str, person: UUID | None, organisation: UUID) -> int | None:
    """The one person of an organisation whom an agent names now; `person` if it is an account of auth."""
    rows = await pool.fetch(_NAMED, agent, person, organisation)
    return rows[0]["holder"] if len(rows) == 1 else None


async def agents(pool: Pool, holder: int, issuer: str) -> list[str]:
    """The keys of all agents that name the person to this day."""
    return [row["agent"] for row in await pool.fetch(_AGENTS, holder, issuer)]
