"""Operations on credits that are in a learner's books: each posts an entry, or raises a problem.

All take a connection: what they do is part of its transaction. An operation sent again under its key has no
second effect and gets the first one's answer; the key counts within one learner.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from libs.common.ids import new_id
from services.creditbank.learners import service as learners
from services.creditbank.learners.keys import KeyRing
from services.creditbank.ledger import repository
from services.creditbank.ledger.problems import ConversionUnbalanced, problem_of
from services.creditbank.ledger.repository import Hold, NewLot
from services.creditbank.ledger.rules import Answer, Exchange, Kind, Operation, Part, Place, Terms
from services.creditbank.tables import Connection, Where

find_hold = repository.hold
_SALT_BYTES = 32


@dataclass(frozen=True, slots=True)
class Posted:
    """The entry an operation made, or made when it was sent before; `batch` is what it was sent under."""

    id: UUID
    place: Place


@dataclass(frozen=True, slots=True)
class Converted:
    """The entry that took the credits and the lots that stand for them in the other scheme."""

    id: UUID
    place: Place
    lots: tuple[NewLot, ...]


@dataclass(frozen=True, slots=True)
class Conversion:
    """What the captured parts of a hold become; see `Ledger.convert`."""

    to_scheme: int
    issued: Sequence[int]
    rounding: int
    rule: Terms


class Ledger:
    """Writes the books through the functions of the database; `keys` open the learners' shred keys."""

    def __init__(self, keys: KeyRing) -> None:
        self._keys = keys

    async def hold(
        self,
        connection: Connection,
        learner: int,
        scheme: int,
        parts: Sequence[Part],
        *,
        key: str,
        until: datetime,
        purpose: str,
        batch: UUID | None = None,
    ) -> Hold:
        """Set parts of lots aside until a time. `purpose` is a code that names nobody: it is committed to."""
        made = await self._one(
            connection,
            Operation(
                Kind.HOLD, learner, scheme, key, batch or new_id(), parts, until=until, purpose=purpose
            ),
        )
        found = await repository.hold(connection, made.id, learner=learner)
        assert found is not None, "the entry placed it"
        return found

    async def release(self, connection: Connection, hold: Hold, *, batch: UUID | None = None) -> Posted:
        """Give all that is held back. Done again it answers the same; otherwise a hold ends once."""
        key = f"release {hold.id}"
        return await self._one(
            connection,
            Operation(Kind.RELEASE, hold.learner, hold.scheme, key, batch or new_id(), target=hold.sequence),
        )

    async def capture(
        self,
        connection: Connection,
        hold: Hold,
        *,
        into: Literal["redeemed", "converted"] = "redeemed",
        key: str,
        parts: Sequence[Part] | None = None,
        conversion: Conversion | None = None,
        batch: UUID | None = None,
    ) -> Posted | Converted:
        """Spend what is held, or these parts of it; the rest is available again.

        Into "converted" it needs the `conversion`: nothing leaves a scheme without coming into another.
        Credits that expire between hold and capture are spent: the hold was placed in time.
        """
        chosen = hold.parts if parts is None else parts
        if into == "converted":
            if conversion is None:
                raise ConversionUnbalanced
            return await self.convert(
                connection,
                hold.learner,
                hold.scheme,
                chosen,
                to_scheme=conversion.to_scheme,
                issued=conversion.issued,
                rounding=conversion.rounding,
                rule=conversion.rule,
                key=key,
                hold=hold,
                batch=batch,
            )
        operation = Operation(
            Kind.REDEMPTION, hold.learner, hold.scheme, key, batch or new_id(), chosen, target=hold.sequence
        )
        return await self._one(connection, operation)

    async def redeem(
        self,
        connection: Connection,
        learner: int,
        scheme: int,
        parts: Sequence[Part],
        *,
        key: str,
        batch: UUID | None = None,
    ) -> Posted:
        """Spend available credits at once."""
        return await self._one(
            connection, Operation(Kind.REDEMPTION, learner, scheme, key, batch or new_id(), parts)
        )

    async def convert(
        self,
        connection: Connection,
        learner: int,
        scheme: int,
        parts: Sequence[Part],
        *,
        to_scheme: int,
        issued: Sequence[int],
        rounding: int,
        rule: Terms,
        key: str,
        hold: Hold | None = None,
        batch: UUID | None = None,
    ) -> Converted:
        """Turn parts of lots into lots of another scheme; part n becomes `issued[n]` hundredths, or none.

        `rounding` is the exact remainder: spent x numerator = issued x denominator + rounding. New lots
        have issuer, outcome, grade and days of those they were made of. With `hold` its credits are used.
        """
        target = None if hold is None else hold.sequence
        operation = Operation(Kind.CONVERSION, learner, scheme, key, batch or new_id(), parts, target)
        exchange = Exchange(operation, to_scheme, rule, issued, rounding)
        if not exchange.is_balanced or sum(issued) == 0:
            raise ConversionUnbalanced
        entry, lot_entries = new_id(), [new_id() for _ in parts]
        wrapped = await learners.wrapped_keys(connection, [learner])
        (answer,) = await repository.convert(
            connection,
            [exchange],
            [entry],
            [self._salt(learner, wrapped, entry)],
            lot_entries,
            [self._salt(learner, wrapped, one) for one in lot_entries],
        )
        posted = _posted(operation, answer)
        lots = await repository.issued_by(
            connection, learner=learner, scheme=scheme, entry=posted.place.sequence
        )
        return Converted(posted.id, posted.place, lots)

    async def rescind(
        self, connection: Connection, entry: Place, *, key: str, batch: UUID | None = None
    ) -> Posted:
        """Take back a redemption: all it spent is available again. Once only."""
        return await self._reverse(connection, Kind.RESCISSION, entry, key, batch)

    async def revoke(
        self, connection: Connection, entry: Place, *, key: str, batch: UUID | None = None
    ) -> Posted:
        """Take back a deposit whose credits are not in use. Once only; its attempt may then come anew."""
        return await self._reverse(connection, Kind.REVOCATION, entry, key, batch)

    async def reverse_conversion(
        self, connection: Connection, entry: Place, *, key: str, batch: UUID | None = None
    ) -> Posted:
        """Take back a conversion none of whose new credits is in use: its lots, what it rounded, all of it.

        What it took is available again in the lots it was taken from, and expires there if its day is over.
        Once only.
        """
        operation = Operation(
            Kind.CONVERSION_REVERSAL,
            entry.learner,
            entry.scheme,
            key,
            batch or new_id(),
            target=entry.sequence,
        )
        lots = await repository.issued_by(
            connection, learner=entry.learner, scheme=entry.scheme, entry=entry.sequence
        )
        made, lot_entries = new_id(), [new_id() for _ in lots]
        wrapped = await learners.wrapped_keys(connection, [entry.learner])
        answer = await repository.reverse_conversion(
            connection,
            operation,
            made,
            self._salt(entry.learner, wrapped, made),
            lot_entries,
            [self._salt(entry.learner, wrapped, one) for one in lot_entries],
        )
        return _posted(operation, answer)

    async def _reverse(
        self, connection: Connection, kind: Kind, entry: Place, key: str, batch: UUID | None
    ) -> Posted:
        operation = Operation(
            kind, entry.learner, entry.scheme, key, batch or new_id(), target=entry.sequence
        )
        return await self._one(connection, operation)

    async def _one(self, connection: Connection, operation: Operation) -> Posted:
        (answer,) = await self.post(connection, [operation])
        return _posted(operation, answer)

    async def post(self, where: Where, operations: Sequence[Operation]) -> list[Answer]:
        """Many operations in one statement, answered one by one; a refused one hinders no other."""
        entries = [new_id() for _ in operations]
        wrapped = await learners.wrapped_keys(where, sorted({one.learner for one in operations}))
        salts = [
            self._salt(one.learner, wrapped, entry) for one, entry in zip(operations, entries, strict=True)
        ]
        return await repository.post(where, operations, entries, salts)

    def _salt(self, learner: int, wrapped: dict[int, bytes], entry: UUID) -> bytes:
        """The entry's salt. Of the erased nobody can open a commitment: theirs is forgotten at once."""
        if learner not in wrapped:
            return os.urandom(_SALT_BYTES)
        return self._keys.salt(learner, wrapped[learner], entry)


def _posted(operation: Operation, answer: Answer) -> Posted:
    """The entry of an answer, or the problem that says why there is none."""
    if answer.outcome not in ("posted", "replayed"):
        raise problem_of(answer.reason or answer.outcome)
    assert answer.entry is not None
    assert answer.sequence is not None
    return Posted(answer.entry, Place(operation.learner, operation.scheme, answer.sequence))
