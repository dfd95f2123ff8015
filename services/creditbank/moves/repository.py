"""SQL of moves; the functions of migration 0013 alone write them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import asyncpg

from services.creditbank.tables import Connection, Pool, Where

_PARTING: Final = """
select a.learner, a.scheme from account a
where a.learner = any(books_of($1)) and a.available > 0 order by a.learner, a.scheme
"""
_CREDITS: Final = """
select json_agg(json_build_object('scheme', scheme, 'credits', credits_text(amount)) order by scheme) from (
  select b.value ->> 'scheme' as scheme, sum(replace(l.value ->> 'amount', '.', '')::bigint)::bigint as amount
  from json_array_elements({statement}::json -> 'books') b cross join json_array_elements(b.value -> 'lots') l
  group by 1) t
"""
_SHOWN: Final = f"""
select json_build_object('id', m.id, 'direction', m.direction, 'node', m.node, 'state', m.state,
  'follows', m.follows, 'began_at', utc_text(m.began_at), 'ended_at', utc_text(m.ended_at),
  'withdrawn', m.withdrawn, 'reason', m.reason, 'statement_digest', encode(m.digest, 'hex'),
  'credits', coalesce(({_CREDITS.format(statement="m.statement")}), '[]')) as item,
  (extract(epoch from m.began_at) * 1000000)::bigint as began, m.id
from (
  select learner, id, 'out' as direction, destination as node, state, follows, requested_at as began_at,
    ended_at, withdrawn, reason, digest, statement from departure
  union all
  select learner, id, 'in', origin, 'settled', follows, arrived_at, arrived_at, false, null, digest, statement
  from arrival
) m
"""
_OPEN: Final = """
select d.learner, d.id, d.destination, d.requested_at, d.tries, d.tried_at, d.withdrawn, d.trouble,
  d.statement is null as is_forgotten, extract(epoch from now() - d.requested_at)::float8 as age_s,
  coalesce(extract(epoch from now() - d.tried_at)::float8, 'infinity') as rested_s
from departure d where d.state = 'open' order by d.requested_at, d.id limit $1
"""
_OPENINGS: Final = """
select w.learner, d.id, d.document, k.wrapped, p.leaf, (select name from log where number = p.log) as log
from departure_book w
join entry e on e.learner = w.learner and e.scheme = w.scheme and e.sequence = w.entry
join entry_document d on d.learner = w.learner and d.scheme = w.scheme and d.sequence = w.entry
left join shred_key k on k.learner = w.learner
left join lateral leaf_of(e.commitment, e.recorded_at) p on true
where w.move = $1 order by w.learner, w.scheme
"""
_TRANSIT: Final = """
select json_build_object('departed', (
    select coalesce(json_agg(json_build_object('scheme', scheme, 'state', state, 'moves', moves,
      'credits', credits_text(amount)) order by scheme, state), '[]')
    from (select s.code as scheme, d.state, count(distinct d.id) as moves, sum(p.amount)::bigint as amount
      from departure d join departure_book w on w.move = d.id join scheme s on s.id = w.scheme
      join posting p on p.learner = w.learner and p.scheme = w.scheme and p.entry = w.entry and p.bucket = 10
      where d.destination = $1 group by s.code, d.state) t),
  'arrived', (
    select coalesce(json_agg(json_build_object('scheme', scheme, 'moves', moves,
      'credits', credits_text(amount)) order by scheme), '[]')
    from (select s.code as scheme, count(distinct l.move) as moves, -sum(p.amount)::bigint as amount
      from arrival_lot l join scheme s on s.id = l.scheme
      join posting p on p.learner = l.learner and p.scheme = l.scheme and p.entry = l.number and p.bucket = 11
      where l.origin = $1 group by s.code) t))
"""

_LATEST: Final = 4 * 10**15  # microseconds: well after the year 2090, and within what can be added to a time


@dataclass(frozen=True, slots=True)
class OpenMove:
    """A move out that the other node has not answered for good. Ages are in seconds."""

    learner: int
    id: UUID
    destination: str
    tries: int
    withdrawn: bool
    is_forgotten: bool
    trouble: str | None
    age_s: float
    rested_s: float


async def parting(where: Where, learner: int) -> Sequence[tuple[int, int]]:
    """The accounts of the learner that have credits to move."""
    return [(row["learner"], row["scheme"]) for row in await where.fetch(_PARTING, learner)]


async def depart(
    where: Where,
    learner: int,
    move: UUID,
    *,
    origin: str,
    destination: str,
    by: UUID,
    accounts: Sequence[tuple[int, int]],
    entries: Sequence[UUID],
    salts: Sequence[bytes],
) -> str | None:
    """Let credits leave; why they cannot, or nothing."""
    refusal: str | None = await where.fetchval(
        "select post_departure($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        learner,
        move,
        origin,
        destination,
        by,
        [account[0] for account in accounts],
        [account[1] for account in accounts],
        entries,
        salts,
    )
    return refusal


async def books_of(where: Where, move: UUID) -> Sequence[tuple[int, int]]:
    """The accounts credits of a move left."""
    rows = await where.fetch(
        "select learner, scheme from departure_book where move = $1 order by learner, scheme", move
    )
    return [(row["learner"], row["scheme"]) for row in rows]


async def give_back(
    where: Where,
    move: UUID,
    why: str,
    accounts: Sequence[tuple[int, int]],
    entries: Sequence[UUID],
    salts: Sequence[bytes],
) -> bool:
    """Reverse the entries of a move; whether it was open."""
    done: bool = await where.fetchval(
        "select post_return($1, $2, $3, $4, $5, $6)",
        move,
        why,
        [account[0] for account in accounts],
        [account[1] for account in accounts],
        entries,
        salts,
    )
    return done


async def settle(where: Where, move: UUID) -> bool:
    """The other node has the credits; whether that is news."""
    return bool(await where.fetchval("select settle_departure($1)", move))


async def withdraw(where: Where, move: UUID) -> bool:
    """Ask for the credits back; False when the move is over."""
    return bool(await where.fetchval("select withdraw_departure($1)", move))


async def note(where: Where, move: UUID, trouble: str) -> None:
    """Why the other node did not take it in this time."""
    await where.execute("select note_departure($1, $2)", move, trouble)


async def open_moves(where: Where, most: int) -> list[OpenMove]:
    """Moves out that are under way, of anybody, the oldest first."""
    return [
        OpenMove(**{name: row[name] for name in OpenMove.__slots__}) for row in await where.fetch(_OPEN, most)
    ]


async def departure(where: Where, move: UUID) -> asyncpg.Record | None:
    """One move out, whoever's."""
    return await where.fetchrow(
        "select learner, id, destination, state, statement, requested_by from departure where id = $1", move
    )


async def arrival(where: Where, move: UUID) -> asyncpg.Record | None:
    """One move in, whoever's."""
    return await where.fetchrow(
        "select learner, id, origin, statement, evidence from arrival where id = $1", move
    )


async def openings(where: Where, move: UUID) -> Sequence[asyncpg.Record]:
    """The entries of a move, with what opens them and the leaves they have."""
    return await where.fetch(_OPENINGS, move)


async def shown(where: Where, books: Collection[int], move: UUID) -> bytes | None:
    """One move of these books as JSON."""
    found: bytes | None = await where.fetchval(
        f"select item from ({_SHOWN} where m.learner = any($1) and m.id = $2) t", list(books), move
    )
    return found


async def page(
    pool: Pool, books: Collection[int], *, before: tuple[int, UUID] | None, limit: int
) -> list[tuple[bytes, int, UUID]]:
    """The moves of these books, newest first, each as JSON and place: microseconds since 1970, and id."""
    began, identifier = before or (None, None)
    rows = await pool.fetch(
        f"{_SHOWN} where m.learner = any($1) and ($2::bigint is null or (m.began_at, m.id)"
        " < (timestamptz 'epoch' + $2 * interval '1 microsecond', $3::uuid))"
        " order by m.began_at desc, m.id desc limit $4",
        list(books),
        None if began is None else max(0, min(began, _LATEST)),
        identifier,
        limit,
    )
    return [(row["item"], row["began"], row["id"]) for row in rows]


async def transit(where: Where, node: str) -> bytes:
    """What went to another node and what came from it, by scheme, as JSON."""
    found: bytes = await where.fetchval(_TRANSIT, node)
    return found


async def numbers(where: Where, people: Collection[UUID]) -> dict[UUID, int]:
    """The numbers of those people whom auth has told of."""
    rows = await where.fetch("select id, number from learner where id = any($1)", list(people))
    return {UUID(bytes=row["id"].bytes): row["number"] for row in rows}


async def are_erased(where: Where, people: Collection[UUID]) -> bool:
    """Whether one of these people is no more."""
    return bool(
        await where.fetchval("select exists (select from erased_person where id = any($1))", list(people))
    )


async def schemes(where: Where, codes: Collection[str]) -> dict[str, int]:
    """The schemes of these codes that the node knows."""
    rows = await where.fetch("select code, id from scheme where code = any($1)", list(codes))
    return {row["code"]: row["id"] for row in rows}


async def lock_arrival(connection: Connection, move: UUID, origin: str) -> None:
    """Let no other transaction take this move in or refuse it; the lock that post_arrival takes too."""
    await connection.execute(
        "select pg_advisory_xact_lock(hashtextextended($1::text || $2::uuid, 8))", origin, move
    )


async def arrive(
    connection: Connection,
    move: UUID,
    *,
    origin: str,
    statement: str,
    evidence: bytes,
    learner: int,
    books: Sequence[tuple[int, int]],
    entries: Sequence[UUID],
    salts: Sequence[bytes],
) -> str:
    """Take a move in: `applied`, `refused`, or why not."""
    answer: Any = await connection.fetchval(
        "select post_arrival($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        move,
        origin,
        statement,
        evidence,
        learner,
        [book[0] for book in books],
        [book[1] for book in books],
        entries,
        salts,
    )
    return str(answer)


async def refuse(where: Where, move: UUID, origin: str, why: str) -> str:
    """Say for ever that a move is not taken in: `refused`; or `applied` when it was."""
    return str(await where.fetchval("select refuse_arrival($1, $2, $3)", move, origin, why))


async def why_refused(where: Where, move: UUID, origin: str) -> str | None:
    found: str | None = await where.fetchval(
        "select reason from refused_arrival where id = $1 and origin = $2", move, origin
    )
    return found
