"""SQL of the public logs. What changes them are functions of the database; see migration 0003."""

from collections.abc import AsyncIterator, Sequence
from typing import TypeAlias
from uuid import UUID

import asyncpg

from services.creditbank.tables import Connection, Pool

Where: TypeAlias = "Connection | Pool"

_NEWEST = "select number, name, origin, leaves, succession from log order by number desc limit $1"
_KEYS = """
select public_key, sealed, added_at, retired_at from log_key where log = $1 order by added_at, public_key
"""
_CHECKPOINTS = "select size, root, note from log_checkpoint where log = $1 order by size desc limit $2"
_BLOCKS = """
select first, commitments from log_block
where log = $1 and first >= coalesce((
  select max(b.first) from log_block b where b.log = $1 and b.first <= $2), 0)
order by first
"""
_LISTED = """
select l.name, l.origin, l.begun_at, encode(l.succession, 'hex') as succession,
  coalesce((select max(size) from log_checkpoint c where c.log = l.number), 0) as size,
  (select array_agg((k.public_key, k.added_at, k.retired_at) order by k.added_at, k.public_key)
    from log_key k where k.log = l.number) as keys
from log l order by l.number desc limit $1
"""
# In the books of the learner and of those merged into the same one.
_OPENING = """
with holder as materialized (
  select coalesce(merged_into, number) as number from learner where id = $1
), found as materialized (
  select e.learner, e.scheme, e.sequence from holder h
  join learner m on m.number = h.number or m.merged_into = h.number
  join entry e on e.learner = m.number
  where e.id = $2
)
select d.learner, s.code as scheme, d.sequence, d.id, d.document, d.commitment, k.wrapped, p.log, p.leaf,
  (select name from log where number = p.log) as name
from found f
join entry_document d on d.learner = f.learner and d.scheme = f.scheme and d.sequence = f.sequence
join entry e on e.learner = f.learner and e.scheme = f.scheme and e.sequence = f.sequence
join scheme s on s.id = f.scheme
join shred_key k on k.learner = f.learner
left join lateral leaf_of(e.commitment, e.recorded_at) p on true
"""


async def newest(where: Where, most: int) -> Sequence[asyncpg.Record]:
    """The newest logs, newest first."""
    return await where.fetch(_NEWEST, most)


async def listed(where: Where, most: int) -> Sequence[asyncpg.Record]:
    """The newest logs as they are published, with their public keys."""
    return await where.fetch(_LISTED, most)


async def keys(where: Where, log: int) -> Sequence[asyncpg.Record]:
    """A log's keys, private halves sealed."""
    return await where.fetch(_KEYS, log)


async def checkpoints(where: Where, log: int, most: int) -> Sequence[asyncpg.Record]:
    """A log's last checkpoints, newest first."""
    return await where.fetch(_CHECKPOINTS, log, most)


async def blocks(connection: Connection, log: int, after: int) -> AsyncIterator[tuple[int, list[bytes]]]:
    """The blocks that hold leaf `after` and those behind it: the first leaf's number, the commitments."""
    for row in await connection.fetch(_BLOCKS, log, after):
        yield row["first"], row["commitments"]


async def order(connection: Connection, log: int, most: int) -> tuple[int, list[bytes]] | None:
    """Give waiting commitments their leaves, for ever; None when none wait."""
    row = await connection.fetchrow("select first, commitments from order_leaves($1, $2)", log, most)
    return None if row is None else (row["first"], row["commitments"])


async def record_checkpoint(
    connection: Connection, log: int, *, previous: int | None, size: int, root: bytes, note: str
) -> None:
    """Record what is about to be published; refused by the database unless it follows the last one."""
    await connection.execute("select record_checkpoint($1, $2, $3, $4, $5)", log, previous, size, root, note)


async def begin(where: Where, name: str, origin: str, public_key: bytes, sealed: bytes) -> int:
    """Begin a log, tied to the end of the one before; refused unless that is sealed to its end."""
    return int(await where.fetchval("select begin_log($1, $2, $3, $4)", name, origin, public_key, sealed))


async def add_key(where: Where, log: int, public_key: bytes, sealed: bytes) -> None:
    await where.execute("select add_log_key($1, $2, $3)", log, public_key, sealed)


async def retire_key(where: Where, log: int, public_key: bytes) -> bool:
    """Whether the key signed until now and another one goes on."""
    return bool(await where.fetchval("select retire_log_key($1, $2)", log, public_key))


async def opening(where: Where, entry: UUID, *, learner: UUID) -> asyncpg.Record | None:
    """What opens the commitment of one of the learner's own entries, and its leaf if it has one."""
    return await where.fetchrow(_OPENING, learner, entry)
