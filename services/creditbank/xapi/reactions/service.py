"""Rules of an institution that turn statements of its record store into credits: trying, pausing, seeing.

What a rule asks for and gives is published by two people as all rules are (`rulebook`); the worker in
`reacting` acts by it. A person alone may stop it, and let it go on.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import asyncpg

from libs.common.database import Database, retrying
from libs.common.identity import Caller
from libs.common.ids import new_id
from libs.common.problems import NotFound
from services.creditbank.approvals import service as approvals
from services.creditbank.approvals.rules import RULING
from services.creditbank.deposits.problems import NotRegistered
from services.creditbank.institutions import service as institutions
from services.creditbank.statements.service import may_read
from services.creditbank.tables import Connection, Pool
from services.creditbank.xapi.reactions import listing, repository
from services.creditbank.xapi.reactions.documents import ReactionDocument
from services.creditbank.xapi.reactions.problems import ClaimPosted, ReactionPending
from services.creditbank.xapi.reactions.reacting import CannotPost, Reactor
from services.creditbank.xapi.reactions.rules import STATES
from services.creditbank.xapi.statements.keys import key

forget = listing.forget
mark_due = listing.mark_due
mark_joined = listing.mark_joined
#: what a trial looks at: statements with a verb of a condition, and in how many steps; claims it tells of
MOST_TRIED = 5_000
MOST_STEPS = 200
MOST_TOLD = 200
_ACT: Mapping[str, str] = {"active": "resumed", "paused": "paused"}


@dataclass(frozen=True, slots=True)
class Trial:
    """What a version would do now with what is stored: claims by state, and the first of them as JSON."""

    complete: bool
    looked_at: int
    unknown: int
    claims: Mapping[str, int]
    items: Sequence[bytes]


async def begin(connection: Connection, identifier: UUID) -> None:
    """Let a version of a rule look at statements, from those on that were stored on its first day."""
    found = await listing.rule(connection, identifier)
    assert found is not None, "called for what was just decided"
    conditions = ReactionDocument.model_validate_json(found["document"]).conditions
    owner = found["institution"].hex
    terms = [
        (
            number,
            key(owner, "related activity" if is_within else "activity", activity),
            is_within,
            "{" + ",".join(key(owner, "verb", verb) for verb in condition.verbs) + "}",
        )
        for number, condition in enumerate(conditions)
        for is_within, activities in ((False, condition.activities), (True, condition.within))
        for activity in dict.fromkeys(activities)
    ]
    await repository.begin(connection, identifier, terms)


async def reactions_of(
    pool: Pool, caller: Caller, institution: UUID, before: UUID | None, limit: int
) -> list[tuple[bytes, UUID]]:
    """An institution's reactions; raises NotFound for whom it is no business of."""
    if not await institutions.may_oversee(pool, institution, caller):
        raise NotFound
    return await listing.reactions(pool, institution, before, limit)


async def change(database: Database, caller: Caller, identifier: UUID, status: str) -> bytes:
    """Pause or resume a rule in all its versions; what it is already changes nothing.

    Raises NotFound, ReactionPending.
    """
    found = await _ruled(database.pool, caller, identifier)
    if found["state"] != "approved":
        raise ReactionPending
    institution, code = found["institution"], found["code"]
    async with database.pool.acquire() as pooled, pooled.transaction():
        connection: Connection = pooled  # type: ignore[assignment]  # stands for its own
        if await listing.set_status(connection, institution, code, status):
            await listing.write_down(connection, new_id(), institution, code, _ACT[status], caller.subject)
        shown = await listing.reaction(connection, identifier)
    assert shown is not None, "approved rules react"
    return shown


async def claims_of(
    pool: Pool,
    caller: Caller,
    institution: UUID,
    *,
    rule: UUID | None,
    state: str | None,
    entry: UUID | None,
    is_voided: bool | None,
    before: UUID | None,
    limit: int,
) -> list[tuple[bytes, UUID]]:
    """An institution's claims; raises NotFound for whom it is no business of."""
    if not await institutions.may_oversee(pool, institution, caller):
        raise NotFound
    return await listing.claims(pool, institution, rule, state, entry, is_voided, before, limit)


async def try_again(database: Database, caller: Caller, identifier: UUID) -> bytes:
    """Let a claim that was refused, or waits, be posted if it can be now. Raises NotFound, ClaimPosted."""
    async with database.pool.acquire() as pooled, pooled.transaction():
        connection: Connection = pooled  # type: ignore[assignment]  # stands for its own
        found = await listing.claim_still(connection, identifier)
        if found is None:
            raise NotFound
        await approvals.may_decide(connection, found["organisation"], caller, RULING)
        if found["state"] == "posted":
            raise ClaimPosted
        await listing.try_again(connection, identifier)
        await listing.write_down(
            connection, new_id(), found["organisation"], found["code"], "tried again", caller.subject
        )
        return await listing.claim(connection, identifier)


async def evidence(pool: Pool, caller: Caller, learner: UUID, entry: UUID) -> bytes:
    """The statements by which credits of one's own, or of one's child, were posted, as JSON.

    Raises NotFound, also where an entry was posted otherwise; ConsentNeeded.
    """
    await may_read(pool, caller, learner)
    found = await listing.of_entry(pool, learner, entry)
    if found is None:
        raise NotFound
    return found


async def trial(database: Database, reactor: Reactor, caller: Caller, identifier: UUID) -> Trial:
    """What a version, approved or not, would do with what is stored: it is done, and undone.

    Raises NotFound, NotRegistered.
    """
    found = await _ruled(database.pool, caller, identifier)
    end = await reactor.end()

    async def once() -> Trial:
        async with database.pool.acquire() as pooled:
            connection: Connection = pooled  # type: ignore[assignment]  # stands for its own
            undone = pooled.transaction()
            await undone.start()
            try:
                return await _try(connection, reactor, found["institution"], identifier, end)
            finally:
                await undone.rollback()

    try:
        return await retrying(once)
    except CannotPost as refused:
        raise NotRegistered from refused


async def _try(
    connection: Connection, reactor: Reactor, institution: UUID, identifier: UUID, end: int
) -> Trial:
    await begin(connection, identifier)
    await repository.start_over(connection, identifier)
    step = reactor.step(connection, institution, only=identifier)
    states: Counter[str] = Counter()
    looked, steps, more = 0, 0, True
    last = await repository.newest(connection, institution, end)
    while more and looked < MOST_TRIED and steps < MOST_STEPS:
        found, more, touched = await step.look(last)
        looked, steps = looked + found, steps + 1
        states.update(one.state for one in await step.claim(touched))
    return Trial(
        complete=not more,
        looked_at=looked,
        unknown=await listing.unknown(connection, identifier),
        claims={state: states[state] for state in STATES},
        items=await listing.made_now(connection, institution, identifier, MOST_TOLD),
    )


async def _ruled(pool: Pool, caller: Caller, identifier: UUID) -> asyncpg.Record:
    found = await listing.rule(pool, identifier)
    if found is None:
        raise NotFound
    await approvals.may_decide(pool, found["institution"], caller, RULING)
    return found
