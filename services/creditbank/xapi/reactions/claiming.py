"""SQL of claims: who has met all conditions of a rule, what became of it, and by which statements."""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Final, NamedTuple
from uuid import UUID

import asyncpg

from services.creditbank.tables import Connection
from services.creditbank.xapi.reactions.repository import BOOKS, ENDS, MOST_DUE, columns

_CLAIMS_AGAIN: Final = """
select c.id, c.rule, c.learner from xapi_claim c join xapi_reaction v on v.rule = c.rule
where c.organisation = $1 and c.due and v.status = 'active' order by c.id limit $2
"""
# Of those who have no claim by the rule, or one that is due, the first statement for each condition. Offset 0
# keeps each look-up one look-up, however little is known of these tables.
_MET: Final = f"""
with touched as materialized (
  select distinct t.rule, coalesce(l.merged_into, l.number) as holder
  from unnest($2::uuid[], $3::bigint[]) as t (rule, learner) join learner l on l.number = t.learner
), open as materialized (
  select t.rule, v.version, t.holder, h.id as person, r.effective_from as begins, {ENDS} as ends, b.books
  from touched t join xapi_reaction v on v.rule = t.rule join rule r on r.id = t.rule
  join learner h on h.number = t.holder
  {BOOKS.format(holder="t.holder")}
  where not exists (select from xapi_claim c
    where c.organisation = $1 and c.code = v.code and c.learner = any(b.books) and not c.due offset 0)
)
select o.rule, o.holder, o.person, f.condition, f.position, f.day, f.id, f.body
from open o cross join lateral (
  select distinct on (m.condition) m.condition, m.position, m.day, s.id, s.body
  from unnest(o.books) as b (number)
  cross join lateral (select * from xapi_reaction_match m where m.learner = b.number offset 0) m
  cross join lateral (
    select s.id, s.body, s.voided from xapi_statement s
    where s.organisation = $1 and s.position = m.position offset 0) s
  where m.rule = o.rule and not s.voided and m.day >= o.begins and (o.ends is null or m.day < o.ends)
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
_DROP_MATCHES: Final = f"""
delete from xapi_reaction_match where ctid = any(array(
  select m.ctid from unnest($2::text[], $3::bigint[]) as t (code, learner)
  join xapi_reaction v on v.organisation = $1 and v.code = t.code
  {BOOKS.format(holder="t.learner")}
  cross join lateral (
    select m.ctid, m.rule from xapi_reaction_match m where m.learner = any(b.books) offset 0) m
  where m.rule = v.rule))
"""
# A claim that is due and is met by nothing any more is none.
_DROP_CLAIMS: Final = """
with gone as (delete from xapi_claim where id = any($1) and due returning id)
delete from xapi_evidence where claim in (select id from gone)
"""
_VOIDED: Final = """
update xapi_claim c set voided_at = now()
from xapi_statement v, xapi_evidence e, xapi_statement s
where v.verb = $2 and v.organisation = $1 and v.position > $3 and v.position <= $4 and v.voiding > 0
  and e.organisation = $1 and e.statement = v.target
  and s.organisation = $1 and s.id = e.statement and s.voided and c.id = e.claim and c.voided_at is null
"""


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


async def claims_again(connection: Connection, organisation: UUID) -> Sequence[asyncpg.Record]:
    """Claims that are to be tried again: id, rule, learner."""
    return await connection.fetch(_CLAIMS_AGAIN, organisation, MOST_DUE)


async def met(
    connection: Connection, organisation: UUID, touched: Collection[tuple[UUID, int]]
) -> Sequence[asyncpg.Record]:
    """For each of these, the first statement that meets each condition of the rule, where there is one."""
    if not touched:
        return []
    return await connection.fetch(_MET, organisation, *columns(list(touched)))


async def own(connection: Connection, claims: Sequence[tuple[UUID, int]]) -> frozenset[int]:
    """Places of those claims (rule, learner) that are of a maker of the rule, or of who one looks after."""
    return frozenset(row["place"] - 1 for row in await connection.fetch(_OWN, *columns(claims)))


async def claim(
    connection: Connection, organisation: UUID, claims: Sequence[Claimed], proofs: Sequence[Proof]
) -> None:
    """Write claims down with their evidence; by those that were posted, what met their rules is done with."""
    rows = await connection.fetch(_CLAIM, organisation, *columns(claims))
    stand_for = {row["told"]: row["id"] for row in rows}
    kept = [one._replace(claim=stand_for[one.claim]) for one in proofs if one.claim in stand_for]
    await connection.execute(
        "delete from xapi_evidence where claim = any($1)", list({one.claim for one in kept})
    )
    await connection.execute(_EVIDENCE, organisation, *columns(kept))
    posted = [(one.code, one.learner) for one in claims if one.state == "posted"]
    if posted:
        await connection.execute(_DROP_MATCHES, organisation, *columns(posted))


async def drop_claims(connection: Connection, claims: Sequence[UUID]) -> None:
    """Of those claims that were due and are still, nothing remains."""
    await connection.execute(_DROP_CLAIMS, claims)


async def mark_voided(
    connection: Connection, organisation: UUID, verb: str, *, after: int, last: int
) -> None:
    """Note on claims that a statement of theirs is voided, by statements with the key of that verb."""
    await connection.execute(_VOIDED, organisation, verb, after, last)
    await connection.execute(
        "update xapi_reacting set position = greatest(position, $2) where organisation = $1",
        organisation,
        last,
    )
