"""Correcting deposits: one asks, another decides, and both entries are then made in one transaction."""

from datetime import date
from uuid import UUID

import asyncpg

from libs.common.database import Database
from libs.common.identity import Caller
from libs.common.ids import new_id
from libs.common.problems import Forbidden, NotFound
from services.creditbank.approvals import service as approvals
from services.creditbank.corrections import repository
from services.creditbank.corrections.problems import (
    CorrectionDecided,
    CorrectionNeedsAnother,
    CorrectionUnderWay,
    ReplacementRefused,
)
from services.creditbank.corrections.rules import CHECKERS
from services.creditbank.deposits.rules import Call, Item, Refused
from services.creditbank.deposits.service import PostingDesk
from services.creditbank.institutions import service as institutions
from services.creditbank.ledger.rules import Kind, Place
from services.creditbank.ledger.service import Ledger
from services.creditbank.tables import Connection, Pool, Where

shown = repository.shown
page = repository.page

#: amount, day, course by id or by sourced id, attempt, grade
Replacement = tuple[int, date, UUID | None, str | None, str | None, str | None]


async def see(pool: Pool, caller: Caller, correction: UUID) -> UUID:
    """The institution of a correction the caller may see; raises NotFound."""
    institution = await repository.institution_of(pool, correction)
    if institution is None or not await institutions.may_oversee(pool, institution, caller):
        raise NotFound
    return institution


async def see_all(pool: Pool, caller: Caller, institution: UUID) -> None:
    """Whether the caller may see an institution's corrections; raises NotFound."""
    if not await institutions.may_oversee(pool, institution, caller):
        raise NotFound


async def request(
    connection: Connection,
    caller: Caller,
    deposit: UUID,
    entry: UUID,
    reason: str,
    replacement: Replacement | None,
) -> UUID:
    """Ask for one entry of a deposit to be taken back, and perhaps for what is to take its place."""
    found = await repository.deposited(connection, deposit, entry)
    return await _ask(connection, caller, found, deposit, reason, replacement)


async def request_reversal(
    connection: Connection, caller: Caller, learner: UUID, conversion: UUID, reason: str
) -> UUID:
    """Ask for a learner's conversion to be taken back: for the institution by whose rule it was made."""
    found = await repository.converted(connection, learner, conversion)
    return await _ask(connection, caller, found, None if found is None else found["batch"], reason, None)


async def _ask(
    connection: Connection,
    caller: Caller,
    found: asyncpg.Record | None,
    batch: UUID | None,
    reason: str,
    replacement: Replacement | None,
) -> UUID:
    if (
        found is None
        or batch is None
        or not await institutions.may_oversee(connection, found["issuer"], caller)
    ):
        raise NotFound
    await _refuse_onlookers(connection, caller, found["issuer"])
    identifier = new_id()
    if not await repository.add(
        connection,
        identifier,
        batch,
        found,
        requested_by=caller.subject,
        reason=reason,
        replacement=replacement,
    ):
        raise CorrectionUnderWay
    return identifier


async def _refuse_onlookers(where: Where, caller: Caller, institution: UUID) -> None:
    """Auditors see corrections, but neither ask for them nor decide."""
    if caller.is_person and not await institutions.holds_role_above(where, institution, caller, CHECKERS):
        raise Forbidden


async def decide(
    database: Database,
    desk: PostingDesk,
    ledger: Ledger,
    caller: Caller,
    correction: UUID,
    decision: str,
    reason: str | None,
) -> None:
    """Approve, and do it at once; or reject, or withdraw. What cannot be done is not decided either."""
    institution = await see(database.pool, caller, correction)
    await _refuse_onlookers(database.pool, caller, institution)
    async with database.pool.acquire() as pooled, pooled.transaction():
        connection: Connection = pooled  # type: ignore[assignment]  # stands for its own
        found = await repository.locked(connection, correction)
        if found is None:
            raise NotFound
        if found["state"] != "requested":
            raise CorrectionDecided(state=found["state"])
        if decision != "withdrawn":
            learner = await approvals.ids_of(connection, found["person"])
            await approvals.refuse_the_same_person(
                connection, caller, found["requested_by"], *learner, problem=CorrectionNeedsAnother
            )
        revoking, replacing = None, None
        if decision == "approved":
            await institutions.refuse_unless_registered_or_above(connection, institution, caller)
            place = Place(found["learner"], found["scheme"], found["entry"])
            take_back = ledger.reverse_conversion if found["kind"] == Kind.CONVERSION else ledger.revoke
            revoked = await take_back(connection, place, key=f"correction {correction}", batch=correction)
            revoking = revoked.place.sequence
            if found["amount"] is not None:
                replacing = await _replace(connection, desk, found, caller.subject)
        await repository.decide(connection, found, decision, caller.subject, reason, revoking, replacing)
    database.events_recorded()


async def _replace(connection: Connection, desk: PostingDesk, found: asyncpg.Record, by: UUID) -> UUID:
    """Post what takes the place of the revoked, as a deposit of the institution, or raise."""
    item = Item(
        key=f"correction {found['id']}",
        learner_id=found["person"],
        learner_sourced_id=None,
        course_id=found["course_id"],
        course_sourced_id=found["course_sourced_id"],
        attempt=found["attempt"],
        amount=found["amount"],
        grade=found["grade"],
        earned_on=found["earned_on"],
    )
    institution = found["institution"]
    call = Call(found["id"], institution, institution, str(by), found["code"], [item])
    (answers,) = await desk.post_within(connection, [call])
    if isinstance(answers, Refused):
        raise ReplacementRefused(reason=answers.reason)
    (answer,) = answers.items
    if answer.outcome != "posted" or answer.entry is None:
        raise ReplacementRefused(reason=answer.reason or answer.outcome)
    return answer.entry
