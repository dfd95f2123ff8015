"""Outcomes: copies of courses kept by events, units and certificates, and how they stand to one another."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from libs.common.database import Database
from libs.common.identity import Caller
from libs.common.ids import new_id
from libs.common.problems import Forbidden, NotFound
from services.creditbank.institutions import service as institutions
from services.creditbank.outcomes import repository
from services.creditbank.outcomes.problems import ParentUnknown, PartOfItself
from services.creditbank.outcomes.rules import DEEPEST
from services.creditbank.tables import Connection, Pool

learn = repository.learn


async def outcomes_of(
    pool: Pool, caller: Caller, organisation: UUID, after: UUID | None, limit: int
) -> Sequence[asyncpg.Record]:
    """An organisation's outcomes; raises NotFound for whom it is no business of."""
    if not await institutions.may_oversee(pool, organisation, caller):
        raise NotFound
    return await repository.page(pool, organisation, after, limit)


async def _require_charge(pool: Pool, caller: Caller, organisation: UUID) -> None:
    """A client of the line, or an administrator or registrar of it; else NotFound or Forbidden."""
    if not await institutions.may_oversee(pool, organisation, caller):
        raise NotFound
    if caller.is_person and not await institutions.holds_role_above(
        pool, organisation, caller, institutions.DECIDING
    ):
        raise Forbidden


async def add(
    database: Database,
    caller: Caller,
    organisation: UUID,
    facts: tuple[str, str, str | None, str | None],
    relations: tuple[UUID | None, UUID | None],
) -> asyncpg.Record:
    """Add a unit or certificate: `facts` are kind, title, code, sourced id; `relations` group and whole."""
    await _require_charge(database.pool, caller, organisation)
    kind, title, code, sourced_id = facts
    outcome = new_id()
    async with database.pool.acquire() as pooled, pooled.transaction():
        connection: Connection = pooled  # type: ignore[assignment]  # stands for its own
        await repository.add(connection, outcome, kind, title, code, organisation, sourced_id)
        return await _related(connection, outcome, organisation, relations)


async def relate(
    database: Database, caller: Caller, outcome: UUID, relations: tuple[UUID | None, UUID | None]
) -> asyncpg.Record:
    """Say how an outcome stands to others; raises NotFound, ParentUnknown, PartOfItself."""
    found = await repository.shown(database.pool, outcome)
    if found is None:
        raise NotFound
    await _require_charge(database.pool, caller, found["organisation"])
    async with database.pool.acquire() as pooled, pooled.transaction():
        connection: Connection = pooled  # type: ignore[assignment]  # stands for its own
        return await _related(connection, outcome, found["organisation"], relations)


async def _related(
    connection: Connection, outcome: UUID, organisation: UUID, relations: tuple[UUID | None, UUID | None]
) -> asyncpg.Record:
    group, parent = relations
    if parent is not None:
        await repository.hold_still(connection, "relations of outcomes")
        whole = await repository.shown(connection, parent)
        if whole is None or not await institutions.are_in_line(
            connection, organisation, whole["organisation"]
        ):
            raise ParentUnknown
        if (
            await repository.closes_a_circle(connection, outcome, parent)
            or await repository.depth_of(connection, outcome, parent) > DEEPEST
        ):
            raise PartOfItself(limit=DEEPEST)
    await repository.relate(connection, outcome, group, parent)
    shown = await repository.shown(connection, outcome)
    assert shown is not None, "it was just written"
    return shown
