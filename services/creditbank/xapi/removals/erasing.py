"""Removes a person's record after auth has told that the person is no more, a batch at a time.

A person's own statements go, with their attachments and what voids them, and all documents about the person.
In statements of others the person becomes nobody: an account that leads to no one, the same one throughout
an organisation's store, and another one in every other store. Each batch is one transaction, and is found by
what is still there; so whatever ends in the middle is gone on with, and nothing is done twice.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, cast
from uuid import NAMESPACE_URL, UUID, uuid5

import asyncpg
import orjson

from libs.common.database import Database, retrying
from services.creditbank.tables import Connection
from services.creditbank.xapi.operations import service as operations
from services.creditbank.xapi.protocol.rules import agent_key, authority_key
from services.creditbank.xapi.removals import repository
from services.creditbank.xapi.removals.rules import nobody, renamed
from services.creditbank.xapi.statements.facets import authority_keys, facets
from services.creditbank.xapi.statements.keys import Kind, key

MOST: Final = 500
_KINDS: Final[tuple[Kind, ...]] = ("agent", "member", "related agent")


@dataclass(slots=True)
class _Person:
    """Who is to be removed: agents by organisation, each with the positions between which it is them."""

    erasure: UUID
    stores: Sequence[UUID]
    spans: dict[UUID, list[tuple[str, int, int]]] = field(default_factory=lambda: defaultdict(list))

    @classmethod
    def of(cls, rows: Sequence[asyncpg.Record], stores: Sequence[UUID]) -> "_Person":
        found = cls(UUID(bytes=rows[0]["erasure"].bytes), stores)
        for row in rows:
            one = row["organisation"]
            for organisation in stores if one is None else (UUID(bytes=one.bytes),):
                found.spans[organisation].append((row["agent"], row["begin"], row["end"]))
        return found

    def keys(self) -> list[tuple[UUID, str, bool, int, int]]:
        """What to look for; the kinds of keys beside the first are those of mentions."""
        return [
            (organisation, key(organisation.hex, kind, agent), kind != "agent", begin, end)
            for organisation, spans in self.spans.items()
            for agent, begin, end in spans
            for kind in _KINDS
        ]

    def was(self, organisation: UUID, agent: str, position: int) -> bool:
        """Whether an agent was the person when a statement was stored."""
        return any(
            known == agent and begin <= position < end for known, begin, end in self.spans[organisation]
        )

    def stand_in(self, organisation: UUID, home: str) -> dict[str, Any]:
        """Made of a random number that is forgotten with the erasure."""
        return nobody(f"{home}/erased", str(self._made_of(organisation, "agent")))

    def operation(self, organisation: UUID) -> UUID:
        """The id of the row that tells the organisation how much went."""
        return self._made_of(organisation, "operation")

    def _made_of(self, organisation: UUID, what: str) -> UUID:
        return uuid5(NAMESPACE_URL, f"{self.erasure} {organisation} {what}")


class Eraser:
    """Erases what is to be erased in one database; `home` is the address of the record store."""

    def __init__(self, database: Database, home: str) -> None:
        self._database, self._home = database, home

    async def work(self) -> bool:
        """One batch; whether there may be another one."""
        return await retrying(self._batch)

    async def _batch(self) -> bool:
        async with self._database.pool.acquire() as pooled, pooled.transaction():
            connection = cast("Connection", pooled)
            rows = await repository.next_erasure(connection)
            if not rows:
                return False
            person = _Person.of(rows, await repository.stores(connection))
            found = await repository.traces(connection, person.keys(), MOST) if person.spans else []
            if found:
                organisation = found[0][0]
                positions = [position for place, position in found if place == organisation]
                await self._erase(connection, person, organisation, positions)
            else:
                await self._finish(connection, person)
        return True

    async def _erase(
        self, connection: Connection, person: _Person, organisation: UUID, positions: list[int]
    ) -> None:
        own, others = [], []
        for row in await repository.statements(connection, organisation, positions):
            statement, position = orjson.loads(row["body"]), row["position"]
            actor = agent_key(statement["actor"])
            is_own = actor is not None and person.was(organisation, actor, position) and not row["voids"]
            if is_own:
                own.append(position)
            else:
                others.append((position, statement, row["attachments"] or ()))
        removed = await repository.remove(connection, organisation, own, for_good=True)
        if others:
            stand_in = person.stand_in(organisation, self._home)
            changed = [_renamed(*one, person, organisation, stand_in) for one in others]
            await repository.rename(connection, organisation, changed)
        await self._begin(connection, person, organisation)
        await operations.count(connection, person.operation(organisation), removed, renamed=len(others))

    async def _finish(self, connection: Connection, person: _Person) -> None:
        """Documents, and filters that name the person; then only the counts are left of it."""
        gone = await repository.remove_documents(connection, person.erasure, person.stores)
        for organisation, documents in gone.items():
            await self._begin(connection, person, organisation)
            await operations.count(connection, person.operation(organisation), 0, documents=documents)
        filters = []
        for organisation, spans in person.spans.items():
            stand_in = person.stand_in(organisation, self._home)
            other = key(organisation.hex, "agent", str(agent_key(stand_in)))
            for agent, *_ in spans:
                known = key(organisation.hex, "agent", agent)
                told = orjson.dumps(stand_in).decode()
                filters.append((organisation, known, told, other, person.operation(organisation)))
        if filters:
            await repository.rename_in_filters(connection, filters)
        await operations.end(connection, [person.operation(organisation) for organisation in person.spans])
        await repository.finish(connection, person.erasure)

    @staticmethod
    async def _begin(connection: Connection, person: _Person, organisation: UUID) -> None:
        await operations.begin(connection, person.operation(organisation), organisation, "erasure", None)


def _renamed(
    position: int,
    statement: dict[str, Any],
    attachments: Sequence[str],
    person: _Person,
    organisation: UUID,
    stand_in: dict[str, Any],
) -> tuple[Any, ...]:
    """A statement in which the person became nobody, as `rename` takes it."""
    signatures = renamed(statement, lambda agent: person.was(organisation, agent, position), stand_in)
    found, mentions = facets(statement, organisation.hex)
    authority = statement["authority"]
    vouching, members = authority_keys(authority, authority_key(authority), organisation.hex)
    return (
        position,
        vouching,
        found.actor,
        found.object,
        _array((*mentions, *members)),
        _array([one for one in attachments if one not in signatures]),
        orjson.dumps(statement),
    )


def _array(values: Sequence[str]) -> str | None:
    """As PostgreSQL reads an array; no key and no hash needs quotation marks."""
    return "{" + ",".join(dict.fromkeys(values)) + "}" if values else None
