"""Freezing a learner's accounts: one administrator stops all spending, another one lets it go on."""

from uuid import UUID

from libs.common.database import Database
from libs.common.identity import Caller
from libs.common.ids import new_id
from libs.common.problems import NotFound
from services.creditbank.approvals import service as approvals
from services.creditbank.approvals.service import within
from services.creditbank.freezes import repository
from services.creditbank.freezes.problems import FreezeNeedsAnother, FreezeOver, NothingToFreeze
from services.creditbank.freezes.rules import FREEZING
from services.creditbank.tables import Connection, Pool

in_charge = repository.in_charge


async def _number(pool: Pool, caller: Caller, learner: UUID) -> int:
    """The learner's number; NotFound for whom the learner is none of their business, and for oneself."""
    number = await repository.in_charge(pool, learner, person=caller.subject, roles=FREEZING)
    if number is None:
        raise NotFound
    return number


async def freezes(pool: Pool, caller: Caller, learner: UUID) -> bytes:
    """All freezes of the learner as JSON."""
    return await repository.shown(pool, await _number(pool, caller, learner), learner)


async def begin(database: Database, caller: Caller, learner: UUID, reason: str) -> bytes:
    """Freeze all accounts the learner has, those of merged records too."""
    number = await _number(database.pool, caller, learner)

    async def work(connection: Connection) -> None:
        if not await repository.begin(connection, number, new_id(), by=caller.subject, reason=reason):
            raise NothingToFreeze

    await within(database, work)
    return await repository.shown(database.pool, number, learner)


async def end(database: Database, caller: Caller, learner: UUID, freeze: UUID) -> bytes:
    """Lift one freeze; spending goes on when none is left."""
    pool = database.pool
    number = await _number(pool, caller, learner)
    begun_by = await repository.begun_by(pool, number, freeze)
    if begun_by is None:
        raise NotFound
    await approvals.refuse_the_same_person(pool, caller, begun_by, problem=FreezeNeedsAnother)

    async def work(connection: Connection) -> None:
        if not await repository.end(connection, number, freeze, by=caller.subject):
            raise FreezeOver

    await within(database, work)
    return await repository.shown(pool, number, learner)
