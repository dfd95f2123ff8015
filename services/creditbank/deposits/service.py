"""Posting credits: look up, salt, post, answer item by item.

Every call is safe to repeat: an item is recognised by its key within the institution.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import accumulate
from typing import Final
from uuid import UUID

from libs.common.database import Database, retrying
from libs.common.identity import Caller
from libs.common.ids import new_id
from libs.common.problems import NotFound
from services.creditbank.deposits import repository
from services.creditbank.deposits.repository import Lines, Prepared
from services.creditbank.deposits.rules import (
    Answer,
    Answers,
    Call,
    Refused,
    key_digest,
    payload_digest,
    refusal_before_look_up,
    refused_by_books,
)
from services.creditbank.institutions import service as institutions
from services.creditbank.learners import service as learners
from services.creditbank.learners.keys import KeyRing
from services.creditbank.tables import Connection, Pool, Where

_ADMITTED: Final = "admitted"
_NO_SALT: Final = b""


async def batch(pool: Pool, caller: Caller, identifier: UUID) -> bytes:
    """One call's outcome as JSON; raises NotFound for whom its institution is no business of."""
    found = await repository.batch(pool, identifier)
    if found is None or not await institutions.may_oversee(pool, found["institution"], caller):
        raise NotFound
    document: bytes = found["document"]
    return document


class PostingDesk:
    """Posts calls of any institutions together. Give it to a coalescer."""

    def __init__(self, database: Database, keys: KeyRing) -> None:
        self._database = database
        self._keys = keys

    async def post(self, calls: Sequence[Call]) -> Sequence[Answers | Refused]:
        """Answers each call, or says why the whole of it was refused.

        All is posted in one transaction, or nothing when this raises.
        """
        answers = await self._answer(self._database.pool, calls)
        self._database.events_recorded()
        return answers

    async def post_within(self, connection: Connection, calls: Sequence[Call]) -> Sequence[Answers | Refused]:
        """The same in the caller's transaction; whoever ends that tells the relay.

        Accounts stay locked until then: give items of several such calls in the order of their learners.
        """
        return await self._answer(connection, calls)

    async def _answer(self, where: Where, calls: Sequence[Call]) -> Sequence[Answers | Refused]:
        keys = [[key_digest(call.institution, item.key) for item in call.items] for call in calls]
        payloads = [[payload_digest(call.scheme, item) for item in call.items] for call in calls]
        prepared = await repository.prepare(where, calls, [of_call[0] for of_call in keys])
        if prepared.repeated:
            repeated = await self._recall(where, calls, prepared, keys, payloads)
            if repeated is not None:
                return repeated
            prepared = await repository.prepare(where, calls, [None for _ in calls])
        wrapped_keys = await self._wrapped_keys(where, calls, prepared)
        lines = self._lines(calls, prepared, wrapped_keys, keys, payloads)
        exceptions = await self._post(where, calls, prepared, lines) if lines.items else {}
        answers = [
            exceptions.get(n) or Answer("posted", entry, None) for n, entry in enumerate(lines.entries)
        ]
        results: list[Answers | Refused] = []
        position = 0
        for call, standing in zip(calls, prepared.standings, strict=True):
            if standing == _ADMITTED:
                here = slice(position, position + len(call.items))
                results.append(Answers(call.id, answers[here], lines.learners[here]))
                position = here.stop
            else:
                results.append(Refused(standing))
        return await self._as_answered_first(where, results, keys, payloads)

    async def _as_answered_first(
        self,
        where: Where,
        results: list[Answers | Refused],
        keys: Sequence[list[str]],
        payloads: Sequence[list[str]],
    ) -> list[Answers | Refused]:
        """The same; a call repeated beside others, or during its first try, names the batch of that."""
        repeated = [
            n
            for n, one in enumerate(results)
            if isinstance(one, Answers) and all(answer.outcome == "replayed" for answer in one.items)
        ]
        if repeated:
            known = await repository.recall(
                where, [keys[n][0] for n in repeated], [payloads[n][0] for n in repeated]
            )
            for n, (_, batch, _) in zip(repeated, known, strict=True):
                answers = results[n]
                if batch is not None and isinstance(answers, Answers):
                    results[n] = answers._replace(batch=batch)
        return results

    async def _recall(
        self,
        where: Where,
        calls: Sequence[Call],
        prepared: Prepared,
        keys: Sequence[list[str]],
        payloads: Sequence[list[str]],
    ) -> Sequence[Answers | Refused] | None:
        """The answers to calls that only repeat what was posted; None if there is anything else in them."""
        if any(standing != _ADMITTED for standing in prepared.standings):
            return None
        known = await repository.recall(
            where,
            [one for some in keys for one in some],
            [one for some in payloads for one in some],
        )
        if any(entry is None for entry, _, _ in known):
            return None
        answers = [Answer("replayed", entry, None) for entry, _, _ in known]
        learners = [learner for _, _, learner in known]
        ends = list(accumulate(len(call.items) for call in calls))
        return [
            Answers(known[begin][1] or call.id, answers[begin:end], learners[begin:end])
            for begin, end, call in zip([0, *ends], ends, calls, strict=False)
        ]

    async def _post(
        self, where: Where, calls: Sequence[Call], prepared: Prepared, lines: Lines
    ) -> dict[int, Answer]:
        """Post the lines; returns the answers to those that were not simply posted."""
        kept = [
            (call, scheme)
            for call, scheme, standing in zip(calls, prepared.schemes, prepared.standings, strict=True)
            if standing == _ADMITTED and scheme is not None
        ]

        async def once() -> dict[int, Answer]:
            rows = await repository.post(
                where, [call for call, _ in kept], [scheme for _, scheme in kept], lines
            )
            return {
                row["item"] - 1: refused_by_books(row["answer"], row["entry"], row["reason"]) for row in rows
            }

        # What failed within a transaction failed it: whoever began that begins again.
        return await retrying(once) if where is self._database.pool else await once()

    async def _wrapped_keys(
        self, where: Where, calls: Sequence[Call], prepared: Prepared
    ) -> list[bytes | None]:
        """The learners' wrapped keys; who is no student gets account and key with the first credits."""
        if None not in prepared.wrapped_keys:
            return prepared.wrapped_keys
        schemes = [scheme for call, scheme in zip(calls, prepared.schemes, strict=True) for _ in call.items]
        missing = {
            (learner, scheme)
            for learner, scheme, wrapped in zip(
                prepared.learners, schemes, prepared.wrapped_keys, strict=True
            )
            if learner is not None and scheme is not None and wrapped is None
        }
        if not missing:
            return prepared.wrapped_keys
        opened = await learners.ensure_accounts(
            where,
            self._keys,
            [learner for learner, _ in sorted(missing)],
            [scheme for _, scheme in sorted(missing)],
        )
        return [
            wrapped if wrapped is not None or learner is None else opened.get(learner)
            for wrapped, learner in zip(prepared.wrapped_keys, prepared.learners, strict=True)
        ]

    def _lines(
        self,
        calls: Sequence[Call],
        prepared: Prepared,
        wrapped_keys: Sequence[bytes | None],
        keys: Sequence[list[str]],
        payloads: Sequence[list[str]],
    ) -> Lines:
        """The items of the admitted calls as columns, with ids and salts."""
        lines = Lines([], [], [], [], [], [], [], [], [])
        now = datetime.now(UTC)
        position = number = 0
        for n, call in enumerate(calls):
            here = slice(position, position + len(call.items))
            position = here.stop
            if prepared.standings[n] != _ADMITTED:
                continue
            number += 1
            of_call = prepared.learners[here]
            entries = [new_id() for _ in call.items]
            lines.calls.extend([number] * len(call.items))
            lines.keys.extend(keys[n])
            lines.payloads.extend(payloads[n])
            lines.entries.extend(entries)
            lines.salts.extend(map(self._salt, of_call, wrapped_keys[here], entries))
            lines.learners.extend(of_call)
            lines.outcomes.extend(prepared.outcomes[here])
            lines.items.extend(call.items)
            lines.refusals.extend(
                refusal_before_look_up(item, now) or learner_refusal or outcome_refusal
                for item, learner_refusal, outcome_refusal in zip(
                    call.items,
                    prepared.learner_refusals[here],
                    prepared.outcome_refusals[here],
                    strict=True,
                )
            )
        return lines

    def _salt(self, learner: int | None, wrapped: bytes | None, entry: UUID) -> bytes:
        if learner is None or wrapped is None:
            return _NO_SALT
        return self._keys.salt(learner, wrapped, entry)
