"""Credits of learners nobody knows yet: kept, claimed when auth tells of the learner, or withdrawn."""

from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

import asyncpg

from libs.common.identity import Caller
from libs.common.ids import new_id
from libs.common.problems import NotFound
from services.creditbank.deposits.problems import BY_REASON
from services.creditbank.deposits.rules import Answer, Answers, Call, Item, Refused
from services.creditbank.institutions import service as institutions
from services.creditbank.suspense import repository
from services.creditbank.suspense.problems import ClaimRefused, NotWaiting
from services.creditbank.suspense.rules import PART, WAITS_FOR
from services.creditbank.tables import Pool

forget = repository.forget
mark_due = repository.mark_due
mark_institution_due = repository.mark_institution_due
suspend = repository.suspend

#: posts a call of so many items, merged with others
Post = Callable[[Call, int], Awaitable[Answers | Refused]]


async def claim_due(pool: Pool, post: Post) -> int:
    """Post what found its learner; the number of items looked at, none when nothing was due.

    Safe to repeat and to do twice at once: an item keeps its key.
    """
    rows = await repository.due(pool, PART)
    if not rows:
        return 0
    first = rows[0]
    items = [_item(row) for row in rows]
    call = Call(
        new_id(), first["organisation"], first["institution"], str(first["client"]), first["scheme"], items
    )
    answers = await post(call, len(items))
    if isinstance(answers, Refused):  # the institution may not post now: asked again when it may
        await repository.resolve(
            pool, [(row["id"], "waiting", None, None, None, row["news"]) for row in rows]
        )
        return len(rows)
    await repository.resolve(
        pool,
        [
            (row["id"], *_resolution(answer), learner, row["news"])
            for row, answer, learner in zip(rows, answers.items, answers.learners, strict=True)
        ],
    )
    return len(rows)


def _resolution(answer: Answer) -> tuple[str, UUID | None, str | None]:
    if answer.outcome in ("posted", "replayed"):
        return "posted", answer.entry, None
    if answer.outcome == "conflict":
        return "refused", answer.entry, "key_conflict"
    return ("waiting", None, None) if answer.reason == WAITS_FOR else ("refused", None, answer.reason)


def _item(row: asyncpg.Record) -> Item:
    return Item(*(row[name] for name in _COLUMNS))


_COLUMNS = (
    "key",
    "learner_id",
    "learner_sourced_id",
    "course_id",
    "course_sourced_id",
    "attempt",
    "amount",
    "grade",
    "earned_on",
)


async def suspended_of(
    pool: Pool, caller: Caller, institution: UUID, state: str | None, after: UUID | None, limit: int
) -> Sequence[asyncpg.Record]:
    """What waits or waited at an institution; raises NotFound for whom that is no business of."""
    if not await institutions.may_oversee(pool, institution, caller):
        raise NotFound
    return await repository.page(pool, institution, state, after, limit)


async def _own(pool: Pool, caller: Caller, suspended: UUID) -> asyncpg.Record:
    """An item that waits at an institution of the client's; raises NotFound, NotWaiting."""
    found = await repository.one(pool, suspended)
    if (
        found is None
        or caller.organisation is None
        or not await institutions.may_oversee(pool, found["institution"], caller)
    ):
        raise NotFound
    if found["state"] != "waiting":
        raise NotWaiting
    return found


async def withdraw(pool: Pool, caller: Caller, suspended: UUID) -> asyncpg.Record:
    """The institution wants the item no more."""
    await _own(pool, caller, suspended)
    if not await repository.withdraw(pool, suspended):
        raise NotWaiting
    return await _shown(pool, suspended)


async def claim(
    pool: Pool, caller: Caller, post: Post, suspended: UUID, learner_id: UUID | None, sourced_id: str | None
) -> asyncpg.Record:
    """The institution says whose the credits are; they are posted to that learner under their key."""
    found = await _own(pool, caller, suspended)
    assert caller.organisation is not None, "only clients own an item"
    item = _item(found)._replace(learner_id=learner_id, learner_sourced_id=sourced_id)
    call = Call(
        new_id(), caller.organisation, found["institution"], str(caller.subject), found["scheme"], [item]
    )
    answers = await post(call, 1)
    if isinstance(answers, Refused):
        raise BY_REASON[answers.reason]
    state, entry, reason = _resolution(answers.items[0])
    if state != "posted":
        raise ClaimRefused(reason=reason or WAITS_FOR)
    await repository.resolve(pool, [(suspended, state, entry, None, answers.learners[0], found["news"])])
    return await _shown(pool, suspended)


async def _shown(pool: Pool, suspended: UUID) -> asyncpg.Record:
    found = await repository.one(pool, suspended)
    assert found is not None, "nothing is deleted here"
    return found
