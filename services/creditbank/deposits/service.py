"""Posting credits: look up, salt, post, answer item by item.

Every call is safe to repeat: an item is recognised by its key within the institution.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from libs.common.database import Database, retrying
from libs.common.ids import new_id
from services.creditbank.deposits import repository
from services.creditbank.deposits.repository import Lines, Prepared
from services.creditbank.deposits.rules import (
    Answer,
    Call,
    Refused,
    key_digest,
    payload_digest,
    refusal_before_look_up,
)
from services.creditbank.learners import service as learners
from services.creditbank.learners.keys import KeyRing

batch = repository.batch
_ADMITTED = "admitted"


class PostingDesk:
    """Posts calls of any institutions together. Give it to a coalescer."""

    def __init__(self, database: Database, keys: KeyRing) -> None:
        self._database = database
        self._keys = keys

    async def post(self, calls: Sequence[Call]) -> Sequence[list[Answer] | Refused]:
        """For each call its items' answers in their order, or why the whole call was refused.

        All is posted in one transaction, or nothing when this raises.
        """
        prepared = await repository.prepare(self._database.pool, calls)
        lines = self._lines(calls, prepared, await self._wrapped_keys(calls, prepared))
        admitted = [n for n, standing in enumerate(prepared.standings) if standing == _ADMITTED]
        answers = await self._post(calls, prepared, lines) if admitted else {}
        results: list[list[Answer] | Refused] = []
        first = 0
        for call, standing in zip(calls, prepared.standings, strict=True):
            if standing == _ADMITTED:
                results.append(
                    [
                        answers.get(n) or Answer("posted", lines.entries[n], None)
                        for n in range(first, first + len(call.items))
                    ]
                )
                first += len(call.items)
            else:
                results.append(Refused(standing))
        return results

    async def _post(self, calls: Sequence[Call], prepared: Prepared, lines: Lines) -> dict[int, Answer]:
        kept = [
            (call, scheme)
            for call, scheme, standing in zip(calls, prepared.schemes, prepared.standings, strict=True)
            if standing == _ADMITTED and scheme is not None
        ]

        async def once() -> dict[int, Answer]:
            rows = await repository.post(
                self._database.pool, [call for call, _ in kept], [scheme for _, scheme in kept], lines
            )
            return {row["item"] - 1: Answer(row["answer"], row["entry"], row["reason"]) for row in rows}

        answers = await retrying(once)
        self._database.events_recorded()
        return answers

    async def _wrapped_keys(self, calls: Sequence[Call], prepared: Prepared) -> list[bytes | None]:
        """The learners' wrapped keys; who is no student gets account and key with the first credits."""
        missing: dict[tuple[int, int], None] = {}
        position = 0
        for call, scheme in zip(calls, prepared.schemes, strict=True):
            for n in range(position, position + len(call.items)):
                learner = prepared.learners[n]
                if learner is not None and scheme is not None and prepared.wrapped_keys[n] is None:
                    missing[learner, scheme] = None
            position += len(call.items)
        if not missing:
            return prepared.wrapped_keys
        async with self._database.pool.acquire() as connection:
            opened = await learners.ensure_accounts(
                connection,  # type: ignore[arg-type]  # a pooled connection stands for its own
                self._keys,
                [learner for learner, _ in missing],
                [scheme for _, scheme in missing],
            )
        return [
            wrapped if wrapped is not None or learner is None else opened.get(learner)
            for wrapped, learner in zip(prepared.wrapped_keys, prepared.learners, strict=True)
        ]

    def _lines(self, calls: Sequence[Call], prepared: Prepared, wrapped_keys: list[bytes | None]) -> Lines:
        """The items of the admitted calls as columns, with ids and salts."""
        lines = Lines([], [], [], [], [], [], [], [], [])
        now = datetime.now(UTC)
        position = number = 0
        for call, standing in zip(calls, prepared.standings, strict=True):
            if standing != _ADMITTED:
                position += len(call.items)
                continue
            number += 1
            for n, item in enumerate(call.items, start=position):
                refusal = (
                    refusal_before_look_up(item, now)
                    or prepared.learner_refusals[n]
                    or prepared.outcome_refusals[n]
                )
                entry = new_id()
                lines.calls.append(number)
                lines.keys.append(key_digest(call.institution, item.key))
                lines.payloads.append(payload_digest(call.scheme, item))
                lines.entries.append(entry)
                lines.salts.append(self._salt(prepared.learners[n], wrapped_keys[n], entry))
                lines.learners.append(prepared.learners[n])
                lines.outcomes.append(prepared.outcomes[n])
                lines.items.append(item)
                lines.refusals.append(refusal)
            position += len(call.items)
        return lines

    def _salt(self, learner: int | None, wrapped: bytes | None, entry: UUID) -> bytes:
        return self._keys.salt(learner, wrapped, entry) if learner is not None and wrapped else b""
