"""SQL of the suspense: what waits is written by files, looked through when auth tells of people."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import asyncpg

from libs.common.ids import new_id
from services.creditbank.deposits.rules import Item, key_digest, payload_digest
from services.creditbank.suspense.rules import Suspended
from services.creditbank.tables import Connection, Pool, Where

# What was withdrawn or refused may wait again; with other content under its key it may not.
_SUSPEND = """
with told as materialized (
  select distinct on (key_hash) *
  from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::uuid[],
      $7::int[], $8::uuid[], $9::uuid[], $10::text[], $11::uuid[], $12::text[], $13::uuid[], $14::text[],
      $15::text[], $16::int[], $17::text[], $18::date[]) with ordinality
    as t (id, institution, organisation, client, scheme, file, number, key_hash, payload_hash, key,
      learner_id, learner_sourced_id, course_id, course_sourced_id, attempt, amount, grade, earned_on, place)
  order by key_hash, place
)
insert into suspense as s (id, institution, organisation, client, scheme, file, number, key_hash,
  payload_hash, key, learner_id, learner_sourced_id, course_id, course_sourced_id, attempt, amount, grade,
  earned_on)
select id, institution, organisation, client, scheme, file, number, key_hash, payload_hash, key, learner_id,
  learner_sourced_id, course_id, course_sourced_id, attempt, amount, grade, earned_on
from told order by key_hash
on conflict (key_hash) do update set state = 'waiting', due = true, file = excluded.file,
  number = excluded.number, client = excluded.client, reason = null, resolved_at = null
where s.payload_hash = excluded.payload_hash and s.state in ('withdrawn', 'refused')
"""
_CONFLICTING = """
select t.place from unnest($1::uuid[], $2::uuid[]) with ordinality as t (key_hash, payload_hash, place)
join suspense s on s.key_hash = t.key_hash where s.payload_hash <> t.payload_hash
"""
# Only where anything waits at all: news of people come by the thousand.
_MARK = """
update suspense s set due = true, news = s.news + 1
where s.state = 'waiting' and (
  s.learner_id in (select p.id from jsonb_to_recordset($1::jsonb) as p (id uuid))
  or s.learner_sourced_id in (
    select i.sourced_id from jsonb_to_recordset($1::jsonb) as p (identifiers jsonb)
    cross join jsonb_to_recordset(p.identifiers) as i (sourced_id text)))
"""
_DUE = """
select s.* from suspense s join (
  select institution, scheme, organisation, client from suspense where due and state = 'waiting' limit 1
) g on g.institution = s.institution and g.scheme = s.scheme and g.organisation = s.organisation
  and g.client = s.client
where s.due and s.state = 'waiting' order by s.id limit $1 for no key update of s skip locked
"""
_RESOLVE = """
update suspense s set state = t.state, due = t.state = 'waiting' and s.news <> t.news, entry = t.entry,
  reason = t.reason,
  learner = coalesce(t.learner, s.learner),
  resolved_at = case when t.state = 'waiting' then null else now() end
from unnest($1::uuid[], $2::text[], $3::uuid[], $4::text[], $5::bigint[], $6::int[])
  as t (id, state, entry, reason, learner, news)
where s.id = t.id and s.state = 'waiting'
"""
_SHOWN = """
select s.id, s.news, s.scheme, s.key, s.learner_id, s.learner_sourced_id, s.course_id, s.course_sourced_id,
  s.attempt, s.amount, s.grade, s.earned_on, s.state, s.reason, s.entry, s.file, s.suspended_at,
  s.resolved_at, s.institution, s.organisation, s.client
from suspense s
"""
_FORGET = """
update suspense set learner = null, learner_id = null, learner_sourced_id = null, key = null, attempt = null,
  grade = null, state = case when state = 'waiting' then 'erased' else state end, due = false,
  resolved_at = coalesce(resolved_at, now())
where learner in (select number from learner where id = any($1)) or learner_id = any($1)
  or state = 'waiting' and exists (
    select from learner l join learner_identifier k on k.learner = l.number
    join institution a on a.id = k.anchor join institution x on x.id = suspense.institution
    where l.id = any($1) and k.sourced_id = suspense.learner_sourced_id
      and (k.anchor = any(x.ancestors) or x.id = any(a.ancestors)))
"""


async def suspend(connection: Connection, waiting: Sequence[Suspended]) -> set[int]:
    """Keep items for their learners; the places of those whose key waits with other content."""
    if not waiting:
        return set()
    items = [one.item for one in waiting]
    hashes = [key_digest(one.institution, one.item.key) for one in waiting]
    payloads = [payload_digest(one.scheme, one.item) for one in waiting]
    columns: list[list[Any]] = [
        [new_id() for _ in waiting],
        *(
            [getattr(one, name) for one in waiting]
            for name in ("institution", "organisation", "client", "scheme", "file", "number")
        ),
        hashes,
        payloads,
        *([getattr(item, name) for item in items] for name in Item._fields),
    ]
    await connection.execute(_SUSPEND, *columns)
    return {row["place"] - 1 for row in await connection.fetch(_CONFLICTING, hashes, payloads)}


async def mark_due(connection: Connection, people: bytes) -> None:
    """Look again at what may be of the people in a JSON array of snapshots."""
    if await connection.fetchval("select exists (select from suspense where state = 'waiting')"):
        await connection.execute(_MARK, people)


async def mark_institution_due(where: Where, institution: UUID) -> None:
    """Look again at everything that waits at an institution."""
    await where.execute(
        "update suspense set due = true, news = news + 1 where institution = $1 and state = 'waiting'",
        institution,
    )


async def due(connection: Connection, most: int) -> Sequence[asyncpg.Record]:
    """Items to look at again, all of one client, institution and scheme; locked, without those that are."""
    return await connection.fetch(_DUE, most)


async def resolve(
    where: Where,
    found: Sequence[tuple[UUID, str, UUID | None, str | None, int | None, int]],
) -> None:
    """Write down what became of items: id, state, entry, reason, learner, and the `news` it was judged by."""
    await where.execute(_RESOLVE, *(list(column) for column in zip(*found, strict=True)))


async def one(where: Where, suspended: UUID) -> asyncpg.Record | None:
    """One item; whoever asks must have been let in."""
    return await where.fetchrow(f"{_SHOWN} where s.id = $1", suspended)


async def waiting(connection: Connection, suspended: UUID) -> asyncpg.Record | None:
    """An item that waits, which nobody else claims or withdraws until the transaction ends."""
    query = f"{_SHOWN} where s.id = $1 and s.state = 'waiting' for no key update of s"
    return await connection.fetchrow(query, suspended)


async def page(
    pool: Pool, institution: UUID, state: str | None, after: UUID | None, limit: int
) -> Sequence[asyncpg.Record]:
    """The institution's items, oldest first."""
    query = (
        f"{_SHOWN} where s.institution = $1 and ($2::text is null or s.state = $2)"
        " and ($3::uuid is null or s.id > $3) order by s.id limit $4"
    )
    return await pool.fetch(query, institution, state, after, limit)


async def withdraw(pool: Pool, suspended: UUID) -> bool:
    """Whether the item waited until now."""
    query = (
        "update suspense set state = 'withdrawn', due = false, resolved_at = now()"
        " where id = $1 and state = 'waiting' returning id"
    )
    return await pool.fetchval(query, suspended) is not None


async def forget(connection: Connection, people: Sequence[UUID]) -> None:
    """Remove what names these people; what waited for them waits no more."""
    await connection.execute(_FORGET, people)
