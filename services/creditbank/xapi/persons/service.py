"""One person behind several agents: by auth's account and mail address, and by accounts linked by hand.

The account at auth names a person for ever, under the ids of all their records. A mail address does from
the time it is told (a first one for all time before), until somebody else gets it; an address that two
people have at once names neither. Nothing is written into statements: whoever reads a person's record looks
through what is known now, so that a merge or a new address needs no second thought.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

import asyncpg

from libs.common.database import Database
from libs.common.events import Event
from libs.common.identity import Caller
from libs.common.ids import new_id
from libs.common.problems import NotFound
from services.creditbank.learners import service as learners
from services.creditbank.learners.rules import CONSENTED
from services.creditbank.statements.problems import ConsentNeeded
from services.creditbank.tables import Connection, Pool
from services.creditbank.xapi.persons import repository
from services.creditbank.xapi.persons.problems import AgentOfAnother
from services.creditbank.xapi.persons.rules import LINKING, agents_of_address

NEWEST = 2**63 - 1


async def learn(connection: Connection, events: Sequence[Event]) -> None:
    """Apply snapshots of people, after the learners among them are known. Idempotent."""
    told = []
    for event in events:
        person = json.loads(event.data)
        if "email" in person:
            agents = agents_of_address(person["email"])
            told.append(
                {"id": person["id"], "version": person["version"], "time": event.time, "agents": agents}
            )
    if told:
        await repository.learn(connection, json.dumps(told, default=_iso).encode())


async def forget(connection: Connection, people: Sequence[UUID]) -> None:
    """These people are no more: nothing leads from an agent to them. Before their ids are cut."""
    await repository.forget(connection, people)


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose record is read: the number that stands for all of the person's records, and all of them."""

    holder: int
    numbers: tuple[int, ...]
    is_own: bool


async def owner(pool: Pool, caller: Caller, learner: UUID) -> Owner:
    """The record as the learner or a guardian may see it.

    Raises NotFound for whom the learner is no business of, and ConsentNeeded for a child under 14 without a
    guardian's consent, also to the child: there is no record to show then.
    """
    found = await learners.relation(pool, learner, person=caller.subject)
    if not (found.is_own or found.is_guardian):
        raise NotFound
    of = await owner_of(pool, learner)
    if found.consent not in CONSENTED:
        raise ConsentNeeded(consent=found.consent)
    return replace(of, is_own=found.is_own)


async def owner_of(pool: Pool, learner: UUID) -> Owner:
    """The record of a learner, for the learner or an operator; raises NotFound."""
    known = await repository.numbers(pool, learner)
    if known is None:
        raise NotFound
    return Owner(known["holder"], tuple(known["numbers"]), is_own=True)


async def record(
    pool: Pool, caller: Caller, *, issuer: str, before: int | None, limit: int
) -> Sequence[asyncpg.Record]:
    """The caller's own statements, newest first: (position, organisation, id, body).

    Raises ConsentNeeded; of whom the bank does not know there are none.
    """
    try:
        of = await owner(pool, caller, caller.subject)
    except NotFound:
        return []
    before = NEWEST if before is None else before
    return await repository.record(pool, of.holder, of.numbers, issuer=issuer, before=before, limit=limit)


async def identities(pool: Pool, caller: Caller, learner: UUID) -> Sequence[asyncpg.Record]:
    """The agents that name or named a learner; raises NotFound for whom the learner is no business of."""
    _, records = await _charge(pool, caller, learner, own=True)
    return await repository.shown(pool, records)


async def link(database: Database, caller: Caller, learner: UUID, agent: str) -> Sequence[asyncpg.Record]:
    """Say that an agent is a learner; a second time changes nothing. Raises NotFound, AgentOfAnother."""
    holder, records = await _charge(database.pool, caller, learner, own=False)
    async with database.pool.acquire() as pooled, pooled.transaction():
        connection: Connection = pooled  # type: ignore[assignment]  # stands for its own
        await repository.hold_still(connection, agent)
        present = await repository.holder_of(connection, agent)
        if present is not None and present not in records:
            raise AgentOfAnother
        if present is None:
            await repository.link(connection, new_id(), agent, holder, caller.subject)
        return await repository.shown(connection, records)


async def unlink(
    database: Database, caller: Caller, learner: UUID, identity: UUID
) -> Sequence[asyncpg.Record]:
    """End a link from now on: what was stored before stays the learner's. Raises NotFound."""
    _, records = await _charge(database.pool, caller, learner, own=False)
    if not await repository.unlink(database.pool, records, identity):
        raise NotFound
    return await repository.shown(database.pool, records)


async def agents_with(pool: Pool, agent: str, organisation: UUID, issuer: str) -> list[str]:
    """The keys of all agents that are the same person of an organisation as this one; or its own."""
    home, _, name = agent.removeprefix("account ").partition(" ")
    try:
        person = UUID(name) if agent.startswith("account ") and home == issuer else None
    except ValueError:
        person = None
    holder = await repository.named(pool, agent, person, organisation)
    return [agent] if holder is None else await repository.agents(pool, holder, issuer)


async def _charge(pool: Pool, caller: Caller, learner: UUID, *, own: bool) -> tuple[int, list[int]]:
    known = await repository.numbers(pool, learner)
    if known is None:
        raise NotFound
    mine = await repository.numbers(pool, caller.subject) if own else None
    is_own = mine is not None and mine["holder"] == known["holder"]
    if not is_own and not await repository.in_charge(
        pool, known["holder"], person=caller.subject, roles=LINKING
    ):
        raise NotFound
    return known["holder"], known["numbers"]


def _iso(value: object) -> str:
    return value.isoformat()  # type: ignore[attr-defined,no-any-return]  # the time of an event
