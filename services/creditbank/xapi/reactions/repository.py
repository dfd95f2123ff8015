"""SQL of the worker that turns statements into claims. Everything is of one organisation at a time."""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any, Final, NamedTuple
from uuid import UUID

import asyncpg

from services.creditbank.tables import Connection, Pool

#: statements and conditions looked at in one step, and what became due
WINDOW: Final = 1000
MOST_DUE: Final = 500

#: the first day on which statements of a version `r` count no more: it ends, or another has taken its place
ENDS: Final = """
least(r.effective_until + 1, (select min(n.effective_from) from rule n
  where n.institution = r.institution and n.kind = r.kind and n.code = r.code and n.version > r.version
    and n.state = 'approved'))
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
# Of each rule, by the index of its activities, what was stored after its position; of all that the first, and
# all that meet at the last of them.
_WALK: Final = """
with active as materialized (
  select v.rule, v.position from xapi_reaction v
  where v.organisation = $1 and v.status = 'active' and v.position < $2 and ($4::uuid is null or v.rule = $4)
), found as materialized (
  select f.rule, f.condition, f.position from (
    (select t.rule, t.condition, s.position
      from active v join xapi_reaction_term t on t.rule = v.rule and not t.is_within
      cross join lateral (
        select s.position from xapi_statement s
        where s.object = t.key and s.position > v.position and s.position < $2
          and s.verb = any(t.verbs) and not s.voided
        order by s.position limit $3) s)
    union
    (select t.rule, t.condition, s.position
      from active v join xapi_reaction_term t on t.rule = v.rule and t.is_within
      cross join lateral (
        select m.position from xapi_mention m cross join lateral (
          select s.verb, s.voided from xapi_statement s
          where s.organisation = $1 and s.position = m.position offset 0) s
        where m.key = t.key and m.depth = 0 and m.position > v.position and m.position < $2
          and s.verb = any(t.verbs) and not s.voided
        order by m.position limit $3) s)
  ) f order by f.position fetch first $3 rows with ties
)
select f.rule, f.condition, f.position, s.happened_at, s.body
from found f cross join lateral (
  select s.happened_at, s.body from xapi_statement s
  where s.organisation = $1 and s.position = f.position offset 0) s
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
_CLAIMS_AGAIN: Final = """
select c.id, c.rule, c.learner from xapi_claim c join xapi_reaction v on v.rule = c.rule
where c.organisation = $1 and c.due and v.status = 'active' order by c.id limit $2
"""
# Statements that meet conditions, of whom nobody knows yet or who has no credits of the rule.
_KEEP: Final = """
with told as materialized (
  select t.*, n.learner
  from unnest($2::uuid[], $3::bigint[], $4::smallint[], $5::date[], $6::bytea[], $7::uuid[]) with ordinality
    as t (rule, position, condition, day, agent, person, place)
  join xapi_learners_of($6, $7, $3) n on n.place = t.place
), kept as (
  insert into xapi_reaction_match (rule, position, condition, organisation, day, agent, person, learner)
  select t.rule, t.position, t.condition, $1, t.day, case when t.learner is null then t.agent end,
    case when t.learner is null then t.person end, t.learner
  from told t where t.learner is null or not exists (
    select from xapi_reaction v join xapi_claim c on c.organisation = v.organisation and c.code = v.code
    where v.rule = t.rule and c.state = 'posted' and c.learner in (
      select m.number from learner m where m.number = t.learner or m.merged_into = t.learner))
  on conflict do nothing
)
select distinct rule, learner from told where learner is not null
"""
# Of those who have no claim by the rule, or one that is due, the first statement for each condition.
_MET: Final = f"""
with touched as materialized (
  select distinct t.rule, coalesce(l.merged_into, l.number) as holder
  from unnest($2::uuid[], $3::bigint[]) as t (rule, learner) join learner l on l.number = t.learner
), open as materialized (
  select t.rule, v.version, t.holder, h.id as person, r.effective_from as begins, {ENDS} as ends, array(
    select m.number from learner m where m.number = t.holder or m.merged_into = t.holder) as books
  from touched t join xapi_reaction v on v.rule = t.rule join rule r on r.id = t.rule
  join learner h on h.number = t.holder
  where not exists (select from xapi_claim c
    where c.organisation = $1 and c.code = v.code and not c.due and c.learner in (
      select m.number from learner m where m.number = t.holder or m.merged_into = t.holder))
)
select o.rule, o.holder, o.person, f.condition, f.position, f.day, f.id, f.body
from open o cross join lateral (
  select distinct on (m.condition) m.condition, m.position, m.day, s.id, s.body
  from xapi_reaction_match m cross join lateral (
    select s.id, s.body, s.voided from xapi_statement s
    where s.organisation = $1 and s.position = m.position offset 0) s
  where m.learner = any(o.books) and m.rule = o.rule and not s.voided
    and m.day >= o.begins and (o.ends is null or m.day < o.ends)
  order by m.condition, m.position) f
order by o.version, o.rule, o.holder, f.condition
"""
# Who made or approved the rule has no credits by it, nor have those they look after.
_OWN: Final = """
select t.place from unnest($1::uuid[], $2::bigint[]) with ordinality as t (rule, holder, place)
join rule r on r.id = t.rule
where exists (
  select from learner a join learner h on h.number = coalesce(a.merged_into, a.number)
  where a.id in (r.made_by, r.decided_by) and (h.number = t.holder or exists (
    select from learner_guardian g join learner m on m.number = h.number or m.merged_into = h.number
    where g.learner = t.holder and g.guardian = m.id)))
"""
_CLAIM: Final = """
with told as materialized (
  select * from unnest($2::uuid[], $3::uuid[], $4::text[], $5::bigint[], $6::text[], $7::text[], $8::uuid[],
      $9::uuid[], $10::text[], $11::date[])
    as t (id, rule, code, learner, state, reason, entry, batch, grade, earned_on)
), made as (
  insert into xapi_claim as c
    (id, organisation, rule, code, learner, state, reason, entry, batch, grade, earned_on)
  select t.id, $1, t.rule, t.code, t.learner, t.state, t.reason, t.entry, t.batch, t.grade, t.earned_on
  from told t
  on conflict (organisation, code, learner) do update set rule = excluded.rule, state = excluded.state,
    reason = excluded.reason, entry = excluded.entry, batch = excluded.batch, grade = excluded.grade,
    earned_on = excluded.earned_on, made_at = now(), voided_at = null, due = false
  where c.state <> 'posted'
  returning c.id, c.code, c.learner
)
select m.id, t.id as told from made m join told t on t.code = m.code and t.learner = m.learner
"""
_EVIDENCE: Final = """
insert into xapi_evidence (claim, condition, organisation, statement, position, digest)
select t.claim, t.condition, $1, t.statement, t.position, t.digest
from unnest($2::uuid[], $3::smallint[], $4::uuid[], $5::bigint[], $6::bytea[])
  as t (claim, condition, statement, position, digest)
"""
_DROP_MATCHES: Final = """
delete from xapi_reaction_match m using unnest($2::text[], $3::bigint[]) as t (code, learner),
  xapi_reaction v, learner l
where v.organisation = $1 and v.code = t.code and (l.number = t.learner or l.merged_into = t.learner)
  and m.learner = l.number and m.rule = v.rule
"""
# A claim that is due and is met by nothing any more is none.
_DROP_CLAIMS: Final = """
with gone as (delete from xapi_claim where id = any($1) and due returning id)
delete from xapi_evidence where claim in (select id from gone)
"""
_VOIDED: Final = """
update xapi_claim c set voided_at = now()
from xapi_statement v, xapi_evidence e, xapi_statement s
where v.verb = $2 and v.organisation = $1 and v.position > $3 and v.position < $4 and v.voiding > 0
  and e.organisation = $1 and e.statement = v.target
  and s.organisation = $1 and s.id = e.statement and s.voided and c.id = e.claim and c.voided_at is null
"""


class Matched(NamedTuple):
    """A statement that meets a condition; `agent` is the SHA-256 of who acts."""

    rule: UUID
    position: int
    condition: int
    day: date
    agent: bytes
    person: UUID | None


class Claimed(NamedTuple):
    """What became of credits that were claimed."""

    id: UUID
    rule: UUID
    code: str
    learner: int
    state: str
    reason: str | None
    entry: UUID | None
    batch: UUID | None
    grade: str | None
    earned_on: date


class Proof(NamedTuple):
    """The statement by which a condition of a claim is met."""

    claim: UUID
    condition: int
    statement: UUID
    position: int
    digest: bytes


def _columns(rows: Sequence[tuple[Any, ...]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]


async def begin(connection: Connection, rule: UUID, terms: Sequence[tuple[int, str, bool, str]]) -> None:
    """Let a version look at statements from its first day on, by (condition, key, whether within it, verbs).

    It is paused if the version before it is.
    """
    await connection.execute(_BEGIN, rule)
    await connection.execute(_TERMS, rule, *_columns(terms))
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


async def walk(
    connection: Connection, organisation: UUID, end: int, only: UUID | None
) -> Sequence[asyncpg.Record]:
    """What the rules look at next before `end`, in stored order: as many as fit, or all there are."""
    return await connection.fetch(_WALK, organisation, end, WINDOW, only)


async def went(connection: Connection, organisation: UUID, position: int, only: UUID | None) -> None:
    """The active rules have looked at everything up to a position."""
    query = (
        "update xapi_reaction set position = $2"
        " where organisation = $1 and status = 'active' and position < $2 and ($3::uuid is null or rule = $3)"
    )
    await connection.execute(query, organisation, position, only)


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
    rows = await connection.fetch(_KEEP, organisation, *_columns(matches))
    return [(row["rule"], row["learner"]) for row in rows]


async def look_again(connection: Connection, organisation: UUID) -> list[tuple[UUID, int]]:
    """Ask anew whose the matches are that became due; (rule, learner) of those whose learner is known."""
    rows = await connection.fetch(_LOOK_AGAIN, organisation, MOST_DUE)
    return [(row["rule"], row["learner"]) for row in rows]


async def claims_again(connection: Connection, organisation: UUID) -> Sequence[asyncpg.Record]:
    """Claims that are to be tried again: id, rule, learner."""
    return await connection.fetch(_CLAIMS_AGAIN, organisation, MOST_DUE)


async def met(
    connection: Connection, organisation: UUID, touched: Collection[tuple[UUID, int]]
) -> Sequence[asyncpg.Record]:
    """For each of these, the first statement that meets each condition of the rule, where there is one."""
    if not touched:
        return []
    return await connection.fetch(_MET, organisation, *_columns(list(touched)))


async def own(connection: Connection, claims: Sequence[tuple[UUID, int]]) -> frozenset[int]:
    """Places of those claims (rule, learner) that are of a maker of the rule, or of who one looks after."""
    return frozenset(row["place"] - 1 for row in await connection.fetch(_OWN, *_columns(claims)))


async def claim(
    connection: Connection, organisation: UUID, claims: Sequence[Claimed], proofs: Sequence[Proof]
) -> None:
    """Write claims down with their evidence; by those that were posted, what met their rules is done with."""
    rows = await connection.fetch(_CLAIM, organisation, *_columns(claims))
    stand_for = {row["told"]: row["id"] for row in rows}
    kept = [one._replace(claim=stand_for[one.claim]) for one in proofs if one.claim in stand_for]
    await connection.execute(
        "delete from xapi_evidence where claim = any($1)", list({one.claim for one in kept})
    )
    await connection.execute(_EVIDENCE, organisation, *_columns(kept))
    posted = [(one.code, one.learner) for one in claims if one.state == "posted"]
    if posted:
        await connection.execute(_DROP_MATCHES, organisation, *_columns(posted))


async def drop_claims(connection: Connection, claims: Sequence[UUID]) -> None:
    """Of those claims that were due and are still, nothing remains."""
    await connection.execute(_DROP_CLAIMS, claims)


async def mark_voided(connection: Connection, organisation: UUID, verb: str, *, after: int, end: int) -> None:
    """Note on claims that a statement of theirs is voided, by statements with the key of that verb."""
    await connection.execute(_VOIDED, organisation, verb, after, end)
    await connection.execute(
        "update xapi_reacting set position = greatest(position, $2) where organisation = $1",
        organisation,
        end - 1,
    )
