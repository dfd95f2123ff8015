"""SQL of the worker that turns statements into claims. Everything is of one organisation at a time."""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any, Final, NamedTuple
from uuid import UUID

import asyncpg

from services.creditbank.tables import Connection, Pool

#: in one step: rules, statements of each key, conditions of these that have its verb; and what became due
MOST_RULES: Final = 100
MOST_OF_A_KEY: Final = 2000
WINDOW: Final = 1000
MOST_DUE: Final = 500

#: the first day on which statements of a version `r` count no more: it ends, or another has taken its place
ENDS: Final = """
least(r.effective_until + 1, (select min(n.effective_from) from rule n
  where n.institution = r.institution and n.kind = r.kind and n.code = r.code and n.version > r.version
    and n.state = 'approved'))
"""
#: the numbers of all books of a learner, as `b.books`
BOOKS: Final = """
cross join lateral (select array(
  select m.number from learner m where m.number = {holder} or m.merged_into = {holder}) as books offset 0) b
"""
_BEGIN: Final = """
insert into xapi_reaction (rule, organisation, code, version, status, position)
select r.id, r.institution, r.code, r.version, coalesce((
    select p.status from xapi_reaction p where p.organisation = r.institution and p.code = r.code
    order by p.version desc limit 1), 'active'),
  xapi_position(
    (least(greatest(r.effective_from, '1970-01-02'), '2200-01-01') - 1)::timestamp at time zone 'UTC') - 1
from rule r where r.id = $1
on conflict (rule) do update set position = excluded.position
"""
_TERMS: Final = """
insert into xapi_reaction_term (rule, condition, key, is_within, verbs)
select $1, t.condition, t.key, t.is_within, t.verbs::uuid[]
from unnest($2::smallint[], $3::uuid[], $4::boolean[], $5::text[]) as t (condition, key, is_within, verbs)
on conflict do nothing
"""
# Where there is anything to do: each test is one look into an index.
_DUE: Final = """
select a.organisation from xapi_reacting a join institution x on x.id = a.organisation
where x.status = 'active' and x.standing = 'registered' and (
  exists (select from xapi_statement s
    where s.organisation = a.organisation and s.position > a.position and s.position < $1)
  or exists (select from xapi_reaction v
    where v.organisation = a.organisation and v.status = 'active' and v.position < a.position)
  or exists (select from xapi_reaction_match m join xapi_reaction v on v.rule = m.rule
    where m.organisation = a.organisation and m.due and v.status = 'active')
  or exists (select from xapi_claim c join xapi_reaction v on v.rule = c.rule
    where c.organisation = a.organisation and c.due and v.status = 'active'))
"""
_TAKE: Final = """
select a.position from xapi_reacting a join institution x on x.id = a.organisation
where a.organisation = $1 and x.status = 'active' and x.standing = 'registered'
for update of a skip locked
"""
_BEHIND: Final = """
select v.rule from xapi_reaction v
where v.organisation = $1 and v.status = 'active' and v.position < $2 and ($4::uuid is null or v.rule = $4)
order by v.position, v.rule limit $3
"""
# Of each rule, by the index of its activities, the next statements after its position; of what they all have
# looked at, those with a verb of a condition: the first, and all that meet at the last of these.
_WALK: Final = """
with looked as materialized (
    select t.rule, t.condition, l.* from xapi_reaction v
    join xapi_reaction_term t on t.rule = v.rule and not t.is_within
    cross join lateral (
      select count(*) as count, max(s.position) as last,
        array_agg(s.position) filter (where not s.voided and s.verb = any(t.verbs)) as positions
      from (select s.position, s.verb, s.voided from xapi_statement s
        where s.object = t.key and s.position > v.position and s.position <= $3
        order by s.position limit $4) s) l
    where v.rule = any($2)
  union all
    select t.rule, t.condition, l.* from xapi_reaction v
    join xapi_reaction_term t on t.rule = v.rule and t.is_within
    cross join lateral (
      select count(*), max(m.position),
        array_agg(m.position) filter (where not s.voided and s.verb = any(t.verbs))
      from (select m.position from xapi_mention m
        where m.key = t.key and m.depth = 0 and m.position > v.position and m.position <= $3
        order by m.position limit $4) m
      cross join lateral (select s.verb, s.voided from xapi_statement s
        where s.organisation = $1 and s.position = m.position offset 0) s) l
    where v.rule = any($2)
), reached as materialized (
  select coalesce(min(last) filter (where count = $4), $3) as position from looked
), found as materialized (
  select distinct l.rule, l.condition, p.position
  from looked l cross join unnest(l.positions) as p (position)
  where p.position <= (select position from reached)
  order by p.position fetch first $5 rows with ties
)
select r.position as reached, f.rule, f.condition, f.position, s.happened_at, s.body
from reached r left join (found f cross join lateral (
  select s.happened_at, s.body from xapi_statement s
  where s.organisation = $1 and s.position = f.position offset 0) s) on true
order by f.position, f.rule, f.condition
"""
_RULES: Final = f"""
select r.id, r.code, r.document, s.code as scheme, r.effective_from as begins, {ENDS} as ends
from rule r join scheme s on s.id = r.scheme where r.id = any($1)
"""
# What is due no more is looked at again with new eyes: what is stored is whose statements were, and by whom.
_LOOK_AGAIN: Final = """
with again as materialized (
  select m.rule, m.position, m.condition, m.agent, m.person, m.learner, row_number() over () as place
  from xapi_reaction_match m join xapi_reaction v on v.rule = m.rule
  where m.organisation = $1 and m.due and v.status = 'active' order by m.position limit $2
), asked as materialized (
  select array_agg(agent order by place) as agents, array_agg(person order by place) as people,
    array_agg(position order by place) as positions
  from again
), named as materialized (
  select a.rule, a.position, a.condition, coalesce(a.learner, n.learner) as learner
  from asked cross join lateral xapi_learners_of(asked.agents, asked.people, asked.positions) n
  join again a on a.place = n.place
), changed as (
  update xapi_reaction_match m set due = false, learner = n.learner,
    agent = case when n.learner is null then m.agent end,
    person = case when n.learner is null then m.person end
  from named n where m.rule = n.rule and m.position = n.position and m.condition = n.condition
)
select distinct rule, learner from named where learner is not null
"""
# Statements that meet conditions, of whom nobody knows yet or who has no credits of the rule.
_KEEP: Final = f"""
with told as materialized (
  select t.*, n.learner
  from unnest($2::uuid[], $3::bigint[], $4::smallint[], $5::date[], $6::bytea[], $7::uuid[]) with ordinality
    as t (rule, position, condition, day, agent, person, place)
  join xapi_learners_of($6, $7, $3) n on n.place = t.place
), open as materialized (
  select t.* from told t join xapi_reaction v on v.rule = t.rule
  {BOOKS.format(holder="t.learner")}
  where t.learner is null or not exists (
    select from xapi_claim c where c.organisation = $1 and c.code = v.code and c.learner = any(b.books)
      and c.state = 'posted' offset 0)
), kept as (
  insert into xapi_reaction_match (rule, position, condition, organisation, day, agent, person, learner)
  select o.rule, o.position, o.condition, $1, o.day, case when o.learner is null then o.agent end,
    case when o.learner is null then o.person end, o.learner
  from open o
  on conflict do nothing
)
select distinct rule, learner from open where learner is not null
"""


class Matched(NamedTuple):
    """A statement that meets a condition; `agent` is the SHA-256 of who acts."""

    rule: UUID
    position: int
    condition: int
    day: date
    agent: bytes
    person: UUID | None


def columns(rows: Sequence[tuple[Any, ...]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]


async def begin(connection: Connection, rule: UUID, terms: Sequence[tuple[int, str, bool, str]]) -> None:
    """Let a version look at statements from its first day on, by (condition, key, whether within it, verbs).

    It is paused if the version before it is.
    """
    await connection.execute(_BEGIN, rule)
    await connection.execute(_TERMS, rule, *columns(terms))
    await connection.execute(
        "insert into xapi_reacting (organisation) select institution from rule where id = $1"
        " on conflict do nothing",
        rule,
    )


async def start_over(connection: Connection, rule: UUID) -> None:
    """Let a version react, were it paused, and claim anew what was claimed and not posted."""
    await connection.execute("update xapi_reaction set status = 'active' where rule = $1", rule)
    await connection.execute(
        "update xapi_claim c set due = true from xapi_reaction v"
        " where v.rule = $1 and c.organisation = v.organisation and c.code = v.code and c.state <> 'posted'",
        rule,
    )


async def due(pool: Pool, end: int) -> Sequence[UUID]:
    """Organisations with something to do before a position."""
    return [row["organisation"] for row in await pool.fetch(_DUE, end)]


async def take(connection: Connection, organisation: UUID) -> int | None:
    """The position of an organisation that is this worker's now; None if it is another's, or may not post."""
    found: int | None = await connection.fetchval(_TAKE, organisation)
    return found


async def newest(connection: Connection, organisation: UUID, end: int) -> int:
    """The position of the newest statement before `end`; 0 where there is none."""
    query = (
        "select position from xapi_statement where organisation = $1 and position < $2"
        " order by position desc limit 1"
    )
    return await connection.fetchval(query, organisation, end) or 0


async def behind(connection: Connection, organisation: UUID, last: int, only: UUID | None) -> Sequence[UUID]:
    """Active rules that have not looked at everything up to a position, the farthest behind first."""
    rows = await connection.fetch(_BEHIND, organisation, last, MOST_RULES, only)
    return [row["rule"] for row in rows]


async def walk(
    connection: Connection, organisation: UUID, rules: Sequence[UUID], last: int
) -> tuple[int, Sequence[asyncpg.Record]]:
    """The position that these rules reach next, at most `last`, and what they look at until there."""
    rows = await connection.fetch(_WALK, organisation, rules, last, MOST_OF_A_KEY, WINDOW)
    if len(rows) >= WINDOW:
        return rows[-1]["position"], rows
    return rows[0]["reached"], [row for row in rows if row["rule"] is not None]


async def went(connection: Connection, rules: Sequence[UUID], position: int) -> None:
    """These rules have looked at everything up to a position."""
    query = "update xapi_reaction set position = $2 where rule = any($1) and position < $2"
    await connection.execute(query, rules, position)


async def rules(connection: Connection, identifiers: Collection[UUID]) -> Sequence[asyncpg.Record]:
    """Versions of rules with the day from which they count no more."""
    return await connection.fetch(_RULES, list(identifiers))


async def credentials(connection: Connection, organisation: UUID) -> frozenset[str]:
    """Ids of the credentials it has or had, as accounts are called by them."""
    rows = await connection.fetch("select id from xapi_credential where organisation = $1", organisation)
    return frozenset(str(row["id"]) for row in rows)


async def keep(
    connection: Connection, organisation: UUID, matches: Sequence[Matched]
) -> list[tuple[UUID, int]]:
    """Write matches down; (rule, learner) of those whose learner is known."""
    rows = await connection.fetch(_KEEP, organisation, *columns(matches))
    return [(row["rule"], row["learner"]) for row in rows]


async def look_again(connection: Connection, organisation: UUID) -> list[tuple[UUID, int]]:
    """Ask anew whose the matches are that became due; (rule, learner) of those whose learner is known."""
    rows = await connection.fetch(_LOOK_AGAIN, organisation, MOST_DUE)
    return [(row["rule"], row["learner"]) for row in rows]
