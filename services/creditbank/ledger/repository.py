"""The functions of the database that alone write the books, and what holds say."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import asyncpg

from services.creditbank.ledger.rules import Answer, Exchange, Operation, Part, key_digest, payload_digest
from services.creditbank.tables import Where

_POST: Final = """
select op, answer, entry, sequence, reason
from post_operations($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
"""
_CONVERT: Final = """
select op, answer, entry, sequence, reason from post_conversions(
  $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)
"""
_REVERSE_CONVERSION: Final = """
select op, answer, entry, sequence, reason from reverse_conversion($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""
_ISSUED: Final = """
select c.number, c.source_lot, e.id, t.issued from conversion_lot c
join entry e on e.learner = c.learner and e.scheme = c.scheme and e.sequence = c.number
join lot t on t.learner = c.learner and t.scheme = c.scheme and t.number = c.number
where c.learner = $1 and c.source_scheme = $2 and c.source_entry = $3 order by c.number
"""
_HOLD: Final = """
select h.scheme, h.entry, h.id, h.until, h.purpose, h.resolved,
  array_agg(p.lot order by p.lot) as lots, array_agg(p.amount order by p.lot) as amounts
from hold h join posting p on p.learner = h.learner and p.scheme = h.scheme and p.entry = h.entry
  and p.bucket = 3 and p.amount > 0
where h.learner = $1 and h.id = $2
group by h.learner, h.scheme, h.entry
"""

_LAPSING: Final = """
select learner, scheme, entry, id from hold where resolved is null and until <= now() order by until limit $1
"""
# A run of the index from its beginning: it holds only what is left to do.
_EXPIRING: Final = """
select distinct learner, scheme from (
  select learner, scheme from expiring_book
  where expires_on <= expired_through(now())
  order by expires_on, learner, scheme limit $1
) due
"""


@dataclass(frozen=True, slots=True)
class Hold:
    """Credits of a learner set aside until a time; `sequence` is the number of the entry that placed them."""

    id: UUID
    learner: int
    scheme: int
    sequence: int
    until: datetime
    purpose: str
    parts: tuple[Part, ...]
    resolved: int | None


@dataclass(frozen=True, slots=True)
class NewLot:
    """What one lot became by a conversion."""

    entry: UUID
    number: int
    source_lot: int
    amount: int


async def post(
    where: Where, operations: Sequence[Operation], entries: Sequence[UUID], salts: Sequence[bytes]
) -> list[Answer]:
    """Post operations in one transaction; those of one book follow one another. Answers in their order."""
    rows = await where.fetch(
        _POST,
        [one.learner for one in operations],
        [one.scheme for one in operations],
        [one.kind for one in operations],
        entries,
        [one.batch for one in operations],
        salts,
        [key_digest(one.key) for one in operations],
        [payload_digest(one) for one in operations],
        [one.target for one in operations],
        [one.until for one in operations],
        [one.purpose for one in operations],
        [number for number, one in enumerate(operations, start=1) for _ in one.parts],
        [part.lot for one in operations for part in one.parts],
        [part.amount for one in operations for part in one.parts],
    )
    return _answers(rows, len(operations))


async def convert(
    where: Where,
    exchanges: Sequence[Exchange],
    entries: Sequence[UUID],
    salts: Sequence[bytes],
    lot_entries: Sequence[UUID],
    lot_salts: Sequence[bytes],
) -> list[Answer]:
    """Post conversions in one transaction; `lot_entries` has one id for each part of all of them."""
    operations = [one.operation for one in exchanges]
    rows = await where.fetch(
        _CONVERT,
        [one.learner for one in operations],
        [one.scheme for one in operations],
        entries,
        [one.batch for one in operations],
        salts,
        [key_digest(one.key) for one in operations],
        [
            payload_digest(one.operation, one.to_scheme, one.terms, tuple(one.issued), one.remainder)
            for one in exchanges
        ],
        [one.target for one in operations],
        [number for number, one in enumerate(operations, start=1) for _ in one.parts],
        [part.lot for one in operations for part in one.parts],
        [part.amount for one in operations for part in one.parts],
        [one.to_scheme for one in exchanges],
        [one.terms.rule for one in exchanges],
        [one.terms.numerator for one in exchanges],
        [one.terms.denominator for one in exchanges],
        [one.remainder for one in exchanges],
        [amount for one in exchanges for amount in one.issued],
        lot_entries,
        lot_salts,
    )
    return _answers(rows, len(operations))


def _answers(rows: Sequence[asyncpg.Record], count: int) -> list[Answer]:
    by_op = {row["op"]: Answer(row["answer"], row["entry"], row["sequence"], row["reason"]) for row in rows}
    return [by_op[number] for number in range(1, count + 1)]


async def reverse_conversion(
    where: Where,
    operation: Operation,
    entry: UUID,
    salt: bytes,
    lot_entries: Sequence[UUID],
    lot_salts: Sequence[bytes],
) -> Answer:
    """Take back the conversion the operation targets; `lot_entries` has one id for each lot it made."""
    rows = await where.fetch(
        _REVERSE_CONVERSION,
        operation.learner,
        operation.scheme,
        operation.target,
        operation.batch,
        entry,
        salt,
        key_digest(operation.key),
        payload_digest(operation),
        list(lot_entries),
        list(lot_salts),
    )
    (answer,) = _answers(rows, 1)
    return answer


async def issued_by(where: Where, *, learner: int, scheme: int, entry: int) -> tuple[NewLot, ...]:
    """The lots a conversion made, in their order."""
    rows = await where.fetch(_ISSUED, learner, scheme, entry)
    return tuple(NewLot(row["id"], row["number"], row["source_lot"], row["issued"]) for row in rows)


async def hold(where: Where, identifier: UUID, *, learner: int) -> Hold | None:
    """One hold of the learner, whatever became of it."""
    row = await where.fetchrow(_HOLD, learner, identifier)
    if row is None:
        return None
    parts = tuple(map(Part, row["lots"], row["amounts"]))
    return Hold(
        row["id"], learner, row["scheme"], row["entry"], row["until"], row["purpose"], parts, row["resolved"]
    )


async def lapsing(where: Where, most: int) -> Sequence[asyncpg.Record]:
    """Holds whose time is over and that nothing has ended, of anybody."""
    return await where.fetch(_LAPSING, most)


async def expiring(where: Where, most: int) -> Sequence[asyncpg.Record]:
    """Accounts, of anybody, that had credits whose last day is over, the oldest first."""
    return await where.fetch(_EXPIRING, most)
