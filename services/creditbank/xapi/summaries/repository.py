"""SQL of what is counted; functions of the database do it. The service's own work: no caller limits it."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from services.creditbank.tables import Connection, Pool, Where

# Every organisation that has statements is one look-up, whatever their number.
_WAITING: Final = """
with recursive place as (
  (select organisation from xapi_statement order by organisation limit 1)
  union all
  select (select s.organisation from xapi_statement s where s.organisation > p.organisation
    order by s.organisation limit 1)
  from place p where p.organisation is not null
)
select p.organisation from place p
where p.organisation is not null and exists (
  select from xapi_statement s where s.organisation = p.organisation and s.position < $1
    and s.position > coalesce((select t.position from record_tally_place t
      where t.organisation = p.organisation), -1))
"""
_SUMMARY: Final = """
select json_build_object('learner', l.id, 'statements', coalesce(s.summary -> 'statements', '0'),
  'months', coalesce(s.summary -> 'months', '[]'), 'kinds', coalesce(s.summary -> 'kinds', '[]'),
  'subjects', coalesce(s.summary -> 'subjects', '[]'))
from learner l left join record_summary s on s.learner = l.number where l.number = $1
"""
# What the statements say in one snapshot, against what was counted of them.
_WRONG: Final = """
with counted as (
  select s.actor, b.axis, b.bucket, count(*) as statements
  from record_tally_place p
  join xapi_statement s on s.organisation = p.organisation and s.position <= p.position
  cross join lateral statement_buckets(s.happened_at, s.body) b
  where s.actor is not null and not s.voided
  group by s.actor, b.axis, b.bucket
)
select coalesce(c.actor, t.actor) as actor, coalesce(c.axis, t.axis) as axis,
  coalesce(c.bucket, t.bucket) as bucket, coalesce(c.statements, 0) as statements,
  coalesce(t.statements, 0) as counted
from counted c full join record_tally t on t.actor = c.actor and t.axis = c.axis and t.bucket = c.bucket
where c.statements is distinct from t.statements
limit $1
"""


async def waiting(where: Where, end: int) -> Sequence[UUID]:
    """Organisations with statements before a position that are not counted yet."""
    return [row["organisation"] for row in await where.fetch(_WAITING, end)]


async def count(where: Where, organisation: UUID, end: int, most: int) -> int:
    """Count the next statements of an organisation; how many there were."""
    return int(await where.fetchval("select count_statements($1, $2, $3)", organisation, end, most))


async def tell(where: Where, issuer: str, most: int) -> int:
    """Make summaries anew of whom there is news; how many pieces of news there were."""
    return int(await where.fetchval("select tell_summaries($1, $2)", issuer, most))


async def summary(pool: Pool, holder: int) -> bytes:
    """The summary of one person as JSON."""
    found: bytes = await pool.fetchval(_SUMMARY, holder)
    return found


async def forget(connection: Connection, people: Sequence[UUID]) -> None:
    """These people are no more. Before their ids are cut."""
    await connection.execute("select forget_summaries($1)", people)


async def wrong(where: Where, most: int) -> Sequence[tuple[object, ...]]:
    """Tallies that are not what the statements say: actor, axis, bucket, statements, counted."""
    return [tuple(row) for row in await where.fetch(_WRONG, most)]


async def begin_anew(connection: Connection, issuer: str) -> None:
    """Nothing is counted yet, and of every learner with a summary there is news."""
    assert issuer, "whose accounts are learners'"
    await connection.execute("update record_tally_place set position = -1")
    await connection.execute("delete from record_tally")
    await connection.execute("insert into record_news (learner) select learner from record_summary")
