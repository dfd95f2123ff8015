"""Credits of learners nobody knows yet: kept, claimed when auth tells of the learner, or withdrawn."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from libs.common.database import Database, retrying
from libs.common.identity import Caller
from libs.common.ids import new_id
from libs.common.problems import NotFound
from services.creditbank.deposits.problems import BY_REASON
from services.creditbank.deposits.rules import Answer, Call, Item, Refused
from services.creditbank.deposits.service import PostingDesk
from services.creditbank.institutions import service as institutions
from services.creditbank.suspense import repository
from services.creditbank.suspense.problems import ClaimRefused, NotWaiting
from services.creditbank.suspense.rules import PART, WAITS_FOR
from services.creditbank.tables import Connection, Pool, Where

forget = repository.forget
mark_due = repository.mark_due
mark_institution_due = repository.mark_institution_due
suspend = repository.suspend


async def claim_due(database: Database, desk: PostingDesk) -> int:
    """Post what found its learner; the number of items looked at, none when nothing was due.

    Items stay locked from the look until it is written down what became of them: nobody else claims them for
    somebody else, or withdraws them, while their credits are posted.
    """

    async def once() -> int:
        async with database.pool.acquire() as pooled, pooled.transaction():
            connection: Connection = pooled  # type: ignore[assignment]  # stands for its own
            rows = await repository.due(connection, PART)
            if rows:
                await _claim(connection, desk, rows)
            return len(rows)

    claimed = await retrying(once)
    database.events_recorded()
    return claimed


async def _claim(connection: Connection, desk: PostingDesk, rows: Sequence[asyncpg.Record]) -> None:
    first = rows[0]
    items = [_item(row) for row in rows]
    call = Call(
        new_id(), first["organisation"], first["institution"], str(first["client"]), first["scheme"], items
    )
    (answers,) = await desk.post_within(connection, [call])
    if isinstance(answers, Refused):  # the institution may not post now: asked again when it may
        await repository.resolve(
            connection, [(row["id"], "waiting", None, None, None, row["news"]) for row in rows]
        )
        return
    await repository.resolve(
        connection,
        [
            (row["id"], *_resolution(answer), learner, row["news"])
            for row, answer, learner in zip(rows, answers.items, answers.learners, strict=True)
        ],
    )


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


async def _own(where: Where, caller: Caller, suspended: UUID) -> asyncpg.Record:
    """An item of an institution of the client's; raises NotFound."""
    found = await repository.one(where, suspended)
    if (
        found is None
        or caller.organisation is None
        or not await institutions.may_oversee(where, found["institution"], caller)
    ):
        raise NotFound
    return found


async def withdraw(pool: Pool, caller: Caller, suspended: UUID) -> asyncpg.Record:
    """The institution wants the item no more."""
    await _own(pool, caller, suspended)
    if not await repository.withdraw(pool, suspended):
        raise NotWaiting
    return await _shown(pool, suspended)


async def claim(
    database: Database,
    desk: PostingDesk,
    caller: Caller,
    suspended: UUID,
    learner_id: UUID | None,
    sourced_id: str | None,
) -> asyncpg.Record:
    """The institution says whose the credits are; they are posted to that learner under their key."""

    async def once() -> None:
        async with database.pool.acquire() as pooled, pooled.transaction():
            connection: Connection = pooled  # type: ignore[assignment]  # stands for its own
            await _own(connection, caller, suspended)
            found = await repository.waiting(connection, suspended)
            if found is None:
                raise NotWaiting
            assert caller.organisation is not None, "only clients own an item"
            item = _item(found)._replace(learner_id=learner_id, learner_sourced_id=sourced_id)
            institution, scheme = found["institution"], found["scheme"]
            call = Call(new_id(), caller.organisation, institution, str(caller.subject), scheme, [item])
            (answers,) = await desk.post_within(connection, [call])
            if isinstance(answers, Refused):
                raise BY_REASON[answers.reason]
            state, entry, reason = _resolution(answers.items[0])
            if state != "posted":
                raise ClaimRefused(reason=reason or WAITS_FOR)
            learner = answers.learners[0]
            await repository.resolve(connection, [(suspended, state, entry, None, learner, found["news"])])

    await retrying(once)
    database.events_recorded()
    return await _shown(database.pool, suspended)


async def _shown(pool: Pool, suspended: UUID) -> asyncpg.Record:
    found = await repository.one(pool, suspended)
    assert found is not None, "nothing is deleted here"
    return found
