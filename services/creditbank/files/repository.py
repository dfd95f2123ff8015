"""SQL of files of credits. Items are written and read by the thousand."""

from collections.abc import AsyncIterator, Sequence
from typing import Any
from uuid import UUID

import asyncpg

from services.creditbank.deposits.rules import Item
from services.creditbank.files.rules import UNDER_WAY, WORK, Judged, Row
from services.creditbank.tables import Connection, Pool, Where

_INSERT = f"""
insert into posting_file (id, institution, organisation, client, scheme, profile, encoding, atomic, dry_run,
  suspends, needs_approval, stored_profile, digest, file_name, size_bytes)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
on conflict (institution, digest) where state in {UNDER_WAY!r} do nothing
returning id
"""
_SAME = f"select id from posting_file where institution = $1 and digest = $2 and state in {UNDER_WAY!r}"
_COUNT = f"select count(*) from posting_file where institution = $1 and state in {UNDER_WAY!r}"
_SHOWN = """
select id, institution, scheme, profile, stored_profile, state, refusal, line, done, total, atomic, dry_run,
  suspends, needs_approval, file_name, size_bytes, items, accepted, posted, replayed, conflicts, refused,
  suspended, created_at, started_at, ended_at, decided_by, decided_at, decision_reason
from posting_file
"""
# What became of an item that waited for its learner is known where it waited.
_ITEMS = """
select i.number, i.line, i.key, i.learner_id, i.learner_sourced_id, i.course_id, i.course_sourced_id,
  i.attempt, i.amount, i.grade, i.earned_on, i.field, coalesce(s.entry, i.entry) as entry,
  case when s.state = 'posted' then 'posted' when s.state in ('refused', 'withdrawn') then 'refused'
    else i.outcome end as outcome,
  case when s.state = 'posted' then null else coalesce(s.reason, i.reason) end as reason
from posting_item i
left join suspense s on s.file = i.file and s.number = i.number and i.outcome = 'suspended'
where i.file = $1 and i.number > $2 and ($3::text is null or i.outcome = $3)
order by i.number limit $4
"""
_STAGE = """
insert into posting_item (file, number, line, key, learner_id, learner_sourced_id, course_id,
  course_sourced_id, attempt, amount, grade, earned_on, faulty, outcome, reason, field)
select $1, $2 + i.n, i.line, i.key, i.learner_id, i.learner, i.course_id, i.course, i.attempt, i.amount,
  i.grade, i.earned_on, i.reason is not null, case when i.reason is not null then 'refused' end, i.reason,
  i.field
from unnest($3::int[], $4::text[], $5::uuid[], $6::text[], $7::uuid[], $8::text[], $9::text[], $10::int[],
    $11::text[], $12::date[], $13::text[], $14::text[]) with ordinality
  as i (line, key, learner_id, learner, course_id, course, attempt, amount, grade, earned_on, reason, field,
    n)
"""
_RESTAGE = """
update posting_file set state = 'reading', items = 0, accepted = 0, refused = 0, done = 0, total = size_bytes,
  started_at = coalesce(started_at, now()) where id = $1
"""
_STAGED = """
update posting_file f set state = $2, items = c.items, refused = c.faulty, done = c.faulty, total = c.items,
  attempts = 0
from (select count(*) as items, count(*) filter (where faulty) as faulty from posting_item where file = $1) c
where f.id = $1
"""
_REJUDGE = """
update posting_item set outcome = null, reason = null, entry = null
where file = $1 and not faulty and outcome is not null
"""
_RECOUNT = """
update posting_file f set refused = c.faulty, done = c.faulty, accepted = 0, posted = 0, replayed = 0,
  conflicts = 0, suspended = 0
from (select count(*) as faulty from posting_item where file = $1 and faulty) c where f.id = $1
"""
_PART = """
select number, key, learner_id, learner_sourced_id, course_id, course_sourced_id, attempt, amount, grade,
  earned_on
from posting_item
where file = $1 and not faulty and number > $2 and (outcome is null or outcome = 'accepted')
order by number limit $3
"""
# In the order in which accounts are locked.
_BY_LEARNER = """
select number, learner from posting_item
where file = $1 and not faulty and outcome = 'accepted' order by learner nulls last, number
"""
_NAMED = """
select number, key, learner_id, learner_sourced_id, course_id, course_sourced_id, attempt, amount, grade,
  earned_on
from unnest($2::int[]) with ordinality as n (named, place)
join posting_item i on i.file = $1 and i.number = n.named order by n.place
"""
# The count of what was accepted before falls by what is done with it now.
_REPORT = """
with told as materialized (
  select * from unnest($2::int[], $3::text[], $4::text[], $5::uuid[], $6::bigint[])
    as t (number, outcome, reason, entry, learner)
), before as materialized (
  select count(*) as accepted from posting_item i join told t on t.number = i.number
  where i.file = $1 and i.outcome = 'accepted'
), changed as (
  update posting_item i
  set outcome = t.outcome, reason = t.reason, entry = t.entry, learner = coalesce(t.learner, i.learner)
  from told t where i.file = $1 and i.number = t.number
)
update posting_file f set done = done + c.items, attempts = 0,
  accepted = f.accepted - b.accepted + c.accepted, posted = f.posted + c.posted,
  replayed = f.replayed + c.replayed, conflicts = f.conflicts + c.conflicts,
  refused = f.refused + c.refused, suspended = f.suspended + c.suspended
from before b, (
  select count(*) as items, count(*) filter (where outcome = 'accepted') as accepted,
    count(*) filter (where outcome = 'posted') as posted,
    count(*) filter (where outcome = 'replayed') as replayed,
    count(*) filter (where outcome = 'conflict') as conflicts,
    count(*) filter (where outcome = 'refused') as refused,
    count(*) filter (where outcome = 'suspended') as suspended
  from told
) c where f.id = $1
"""
# Those entries that this very part made, in a call whose answer nobody heard.
_OWN = """
select e.id from unnest($3::uuid[], $4::uuid[]) as k (id, key_hash)
join entry e on e.key_hash = k.key_hash and e.id = k.id
join posting_file_batch b on b.batch = e.batch and b.file = $1 and b.first = $2
"""
_DECIDE = """
update posting_file set state = $3::text, decided_by = $2, decided_at = now(), decision_reason = $4,
  done = case when $3::text = 'posting' then items - accepted else done end, total = items,
  ended_at = case when $3::text = 'posting' then null else now() end
where id = $1 and state = 'awaiting_approval' returning id
"""
# A file's rows may name somebody who is no more; what became of them stays.
_FORGET = """
update posting_item set learner = null, learner_id = null, learner_sourced_id = null, key = null,
  attempt = null
where learner in (select number from learner where id = any($1)) or learner_id = any($1)
"""


async def insert(connection: Connection, file: UUID, institution: UUID, *values: Any) -> UUID | None:
    """Queue a file; None if the same one is under way for its institution."""
    found: UUID | None = await connection.fetchval(_INSERT, file, institution, *values)
    return found


async def same(pool: Pool, institution: UUID, digest: bytes) -> UUID | None:
    """The file under way with the same content and options."""
    found: UUID | None = await pool.fetchval(_SAME, institution, digest)
    return found


async def count_under_way(connection: Connection, institution: UUID) -> int:
    """How many files of the institution have not ended."""
    return int(await connection.fetchval(_COUNT, institution))


async def maker(pool: Pool, file: UUID) -> UUID | None:
    """The client that sent the file."""
    found: UUID | None = await pool.fetchval("select client from posting_file where id = $1", file)
    return found


async def add_piece(connection: Connection, file: UUID, piece: int, content: bytes) -> None:
    await connection.execute("insert into posting_file_piece values ($1, $2, $3)", file, piece, content)


async def pieces(connection: Connection, file: UUID) -> AsyncIterator[bytes]:
    """The upload, a megabyte at a time."""
    numbers = await connection.fetch(
        "select piece from posting_file_piece where file = $1 order by piece", file
    )
    for row in numbers:
        yield await connection.fetchval(
            "select content from posting_file_piece where file = $1 and piece = $2", file, row["piece"]
        )


async def shown(where: Where, file: UUID) -> asyncpg.Record | None:
    """A file as it is told of; whoever asks must have been let in."""
    return await where.fetchrow(f"{_SHOWN} where id = $1", file)


async def page(pool: Pool, institution: UUID, before: UUID | None, limit: int) -> Sequence[asyncpg.Record]:
    """The institution's files, newest first."""
    query = f"{_SHOWN} where institution = $1 and ($2::uuid is null or id < $2) order by id desc limit $3"
    return await pool.fetch(query, institution, before, limit)


async def items(
    pool: Pool, file: UUID, after: int, outcome: str | None, limit: int
) -> Sequence[asyncpg.Record]:
    """The file's items in their order."""
    return await pool.fetch(_ITEMS, file, after, outcome, limit)


async def concerns(connection: Connection, file: UUID, learners: Sequence[int]) -> bool:
    """Whether the file would post credits to one of the learners."""
    query = (
        "select exists (select from posting_item"
        " where file = $1 and learner = any($2) and outcome = 'accepted')"
    )
    return bool(await connection.fetchval(query, file, list(learners)))


async def decide(connection: Connection, file: UUID, by: UUID, state: str, reason: str | None) -> bool:
    """Whether the file waited for a decision; it has this one now."""
    return await connection.fetchval(_DECIDE, file, by, state, reason) is not None


async def waiting(pool: Pool, states: Sequence[str] = WORK) -> list[UUID]:
    """Files with something to do, oldest first."""
    rows = await pool.fetch("select id from posting_file where state = any($1) order by id", list(states))
    return [row["id"] for row in rows]


async def take(connection: Connection, file: UUID) -> asyncpg.Record | None:
    """Lock a file for this connection and count the attempt; None if another has it or nothing is to do."""
    if not await connection.fetchval("select pg_try_advisory_lock(hashtextextended($1, 5))", str(file)):
        return None
    return await connection.fetchrow(
        "update posting_file set attempts = attempts + 1 where id = $1 and state = any($2) returning *",
        file,
        list(WORK),
    )


async def progress(connection: Connection, file: UUID, done: int) -> None:
    await connection.execute("update posting_file set done = $2, attempts = 0 where id = $1", file, done)


async def end(
    connection: Connection, file: UUID, state: str, refusal: str | None = None, line: int | None = None
) -> None:
    """The file is done with, or waits for a decision; its upload goes."""
    await connection.execute("delete from posting_file_piece where file = $1", file)
    await connection.execute(
        "update posting_file set state = $2::text, refusal = $3, line = $4,"
        " ended_at = case when $2::text = 'awaiting_approval' then null else now() end where id = $1",
        file,
        state,
        refusal,
        line,
    )


async def restage(connection: Connection, file: UUID) -> None:
    """Forget what was read of a file: it is read from its beginning."""
    await connection.execute("delete from posting_item where file = $1", file)
    await connection.execute(_RESTAGE, file)


async def stage(connection: Connection, file: UUID, first: int, rows: Sequence[Row]) -> None:
    """Keep a part of the file's items, numbered from after `first`."""
    items = [row.item for row in rows]
    columns: list[list[Any]] = [
        [row.line for row in rows],
        [row.key for row in rows],
        *(
            [None if item is None else getattr(item, name) for item in items]
            for name in Item._fields
            if name != "key"
        ),
        [row.reason for row in rows],
        [row.field for row in rows],
    ]
    await connection.execute(_STAGE, file, first, *columns)


async def staged(connection: Connection, file: UUID, state: str) -> None:
    """All is read: the upload goes, and the file goes on in `state`."""
    await connection.execute("delete from posting_file_piece where file = $1", file)
    await connection.execute(_STAGED, file, state)


async def rejudge(connection: Connection, file: UUID) -> None:
    """Forget judgements: a dry run begins at the first item."""
    await connection.execute(_REJUDGE, file)
    await connection.execute(_RECOUNT, file)


async def go_on(connection: Connection, file: UUID, state: str) -> None:
    """The next step; what was accepted is to do again."""
    await connection.execute(
        "update posting_file set state = $2, done = items - accepted, total = items where id = $1",
        file,
        state,
    )


async def next_part(connection: Connection, file: UUID, after: int, most: int) -> Sequence[tuple[int, Item]]:
    """The next items that something is to be done with."""
    return [_item(row) for row in await connection.fetch(_PART, file, after, most)]


async def by_learner(connection: Connection, file: UUID) -> list[int]:
    """Numbers of the accepted items, in the order of their learners."""
    return [row["number"] for row in await connection.fetch(_BY_LEARNER, file)]


async def named(connection: Connection, file: UUID, numbers: Sequence[int]) -> Sequence[tuple[int, Item]]:
    """These items, in this order."""
    return [_item(row) for row in await connection.fetch(_NAMED, file, numbers)]


def _item(row: asyncpg.Record) -> tuple[int, Item]:
    return row["number"], Item(
        row["key"],
        row["learner_id"],
        row["learner_sourced_id"],
        row["course_id"],
        row["course_sourced_id"],
        row["attempt"],
        row["amount"],
        row["grade"],
        row["earned_on"],
    )


async def will_post(connection: Connection, file: UUID, first: int, batch: UUID) -> None:
    """Say that a part is about to be posted by this call."""
    await connection.execute("insert into posting_file_batch values ($1, $2, $3)", batch, file, first)


async def own_entries(
    connection: Connection, file: UUID, first: int, entries: Sequence[UUID], key_hashes: Sequence[str]
) -> set[UUID]:
    """Those of the entries that this part of the file made earlier."""
    return {row["id"] for row in await connection.fetch(_OWN, file, first, entries, key_hashes)}


async def report(connection: Connection, file: UUID, answers: Sequence[Judged]) -> None:
    """Write down what became of items, and count it."""
    await connection.execute(
        _REPORT,
        file,
        [one.number for one in answers],
        [one.outcome for one in answers],
        [one.reason for one in answers],
        [one.entry for one in answers],
        [one.learner for one in answers],
    )


async def forget(connection: Connection, people: Sequence[UUID]) -> None:
    """Remove what names these people from the items of files."""
    await connection.execute(_FORGET, people)
