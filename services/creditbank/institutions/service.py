"""Institutions: copies kept by events, and who may look at one."""

from collections.abc import Collection, Sequence
from uuid import UUID

import asyncpg

from libs.common.database import Database
from libs.common.identity import Caller
from libs.common.problems import NotFound
from services.creditbank.approvals import service as approvals
from services.creditbank.deposits.problems import NotRegistered
from services.creditbank.institutions import repository
from services.creditbank.institutions.problems import (
    AboveMustDecide,
    NotInChargeOfStanding,
    SecondPersonNeeded,
    StandingForbids,
)
from services.creditbank.institutions.rules import OWN, Act, Change, after, is_own_checker
from services.creditbank.tables import Connection, Pool, Where

is_registered = repository.is_registered
#: roles that look after an organisation and all below it
OVERSEEING = ("administrator", "registrar", "auditor")


async def are_in_line(connection: Connection, one: UUID, other: UUID) -> bool:
    """Whether one of two institutions is the other, or above it."""
    return await repository.are_in_line(connection, one, other)


async def learn(connection: Connection, organisations: bytes, standing: str = "registered") -> None:
    """Apply snapshots of organisations; those that are new come with this standing."""
    await repository.learn(connection, organisations, standing)


async def holds_role_above(where: Where, institution: UUID, caller: Caller, roles: Collection[str]) -> bool:
    """Whether a person now holds one of the roles at the institution or above it."""
    return caller.is_person and await repository.has_role_above(
        where, institution, person=caller.subject, roles=roles
    )


async def holds_role_strictly_above(
    where: Where, institution: UUID, caller: Caller, roles: Collection[str]
) -> bool:
    """Whether a person now holds one of the roles above the institution, or at it if it is a root."""
    return caller.is_person and await repository.has_role_strictly_above(
        where, institution, person=caller.subject, roles=roles
    )


async def may_oversee(where: Where, institution: UUID, caller: Caller) -> bool:
    """Whether the caller is a client of the institution's line, or a person who oversees it."""
    if caller.organisation is not None:
        return await repository.is_in_tree(where, institution, root=caller.organisation)
    if caller.is_person:
        return await repository.has_role_above(where, institution, person=caller.subject, roles=OVERSEEING)
    return False


async def refuse_unless_registered(where: Where, institution: UUID) -> None:
    """Raises NotRegistered: who is out of the bank, for a time or for good, lets nothing count as credits."""
    if not await repository.is_registered(where, institution):
        raise NotRegistered


async def refuse_unless_registered_or_above(where: Where, institution: UUID, caller: Caller) -> None:
    """Raises AboveMustDecide: who is out of the bank takes nothing back, those above do."""
    if await repository.is_registered(where, institution):
        return
    is_above = (
        caller.organisation not in (None, institution) and await may_oversee(where, institution, caller)
    ) or await holds_role_strictly_above(where, institution, caller, DECIDING)
    if not is_above:
        raise AboveMustDecide


#: who decides on standings, of their own institution or of those below
DECIDING = ("administrator", "registrar")
MOST_CHANGES = 200


async def change_standing(
    database: Database, caller: Caller, institution: UUID, act: Act, reason: str | None
) -> None:
    """Let an institution into the bank or out of it, step by step; each step is written down for ever.

    Raises NotFound, NotInChargeOfStanding, StandingForbids, SecondPersonNeeded.
    """
    pool = database.pool
    if not await may_oversee(pool, institution, caller):
        raise NotFound
    holds = repository.has_role_above if act in OWN else repository.has_role_strictly_above
    if not caller.is_person or not await holds(pool, institution, person=caller.subject, roles=DECIDING):
        raise NotInChargeOfStanding
    async with pool.acquire() as pooled, pooled.transaction():
        connection: Connection = pooled  # type: ignore[assignment]  # stands for its own
        standing = await repository.held_still(connection, institution)
        then = None if standing is None else after(standing, act)
        if then is None:
            raise StandingForbids(standing=standing)
        before = await repository.changes(connection, institution, MOST_CHANGES)
        changes = [Change(one["act"], one["by"]) for one in before]
        ids = {caller.subject} | await approvals.ids_of(connection, caller.subject)
        if any(is_own_checker(act, one, changes) for one in ids):
            raise SecondPersonNeeded
        await repository.change(connection, institution, act, then, caller.subject, reason)


async def standing_of(
    pool: Pool, caller: Caller, institution: UUID
) -> tuple[asyncpg.Record, Sequence[asyncpg.Record]]:
    """An institution with the changes of its standing, newest first; raises NotFound."""
    found = await repository.shown(pool, institution)
    if found is None or not await may_oversee(pool, institution, caller):
        raise NotFound
    return found, await repository.changes(pool, institution, MOST_CHANGES)


async def institutions_under(
    pool: Pool, caller: Caller, under: UUID, standing: str | None, after_id: UUID | None, limit: int
) -> Sequence[asyncpg.Record]:
    """An institution and those below it; raises NotFound for whom they are no business of."""
    if not await may_oversee(pool, under, caller):
        raise NotFound
    return await repository.page(pool, under, standing, after_id, limit)
