"""Removes what an organisation no longer keeps: by age, verb, activity or who acts; a batch at a time.

A statement that voids another one goes with that one, and not before: what is void must not seem valid.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, cast
from uuid import UUID

import orjson

from libs.common.database import Database, retrying
from services.creditbank.tables import Connection, Where
from services.creditbank.xapi.operations import service as operations
from services.creditbank.xapi.protocol.rules import agent_key
from services.creditbank.xapi.removals import repository
from services.creditbank.xapi.statements.keys import key

MOST: Final = 500


@dataclass(slots=True)
class Selection:
    """Statements of one organisation, by SQL conditions on `s` and their values."""

    organisation: UUID
    conditions: list[str] = field(default_factory=list)
    values: list[object] = field(default_factory=list)

    @classmethod
    def of(cls, organisation: UUID, filters: Mapping[str, Any]) -> "Selection":
        """`filters` are those of the interface; times as RFC 3339 text."""
        found, owner = cls(organisation, ["s.organisation = $1"], [organisation]), organisation.hex
        agent = filters.get("agent")
        for name, kind, column in (("verb", "verb", "verb"), ("activity", "activity", "object")):
            if filters.get(name):
                found.add(f"s.{column} = {{}}::uuid", key(owner, kind, filters[name]))  # type: ignore[arg-type]
        if agent:
            found.add("s.actor = {}::uuid", key(owner, "agent", str(agent_key(agent))))
        if filters.get("stored_before"):
            found.add("s.position < xapi_position({}::text::timestamptz)", filters["stored_before"])
        if filters.get("happened_before"):
            found.add("s.happened_at < {}::text::timestamptz", filters["happened_before"])
        return found

    def add(self, condition: str, value: object) -> None:
        self.values.append(value)
        self.conditions.append(condition.format(f"${len(self.values)}"))


async def counted(where: Where, organisation: UUID, filters: Mapping[str, Any]) -> tuple[int, int]:
    """How many statements would be removed, and how many kept though the filters name them."""
    return await repository.counted(where, Selection.of(organisation, filters))


class Pruner:
    """Goes on with the prunings of one database, one after the other."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def work(self) -> bool:
        """One batch; whether there may be another one."""
        return await retrying(self._batch)

    async def _batch(self) -> bool:
        async with self._database.pool.acquire() as pooled, pooled.transaction():
            connection = cast("Connection", pooled)
            pruning = await operations.next_pruning(connection)
            if pruning is None:
                return False
            organisation = UUID(bytes=pruning["organisation"].bytes)
            selection = Selection.of(organisation, orjson.loads(pruning["filters"]))
            # nothing that came after it was asked for
            selection.add("s.position < xapi_position({}::timestamptz)", pruning["begun_at"])
            selection.add("s.position > {}::bigint", pruning["position"])
            found = await repository.some(connection, selection, MOST)
            if not found:
                await operations.end(connection, [pruning["id"]])
                return True
            gone = [row["position"] for row in found if not row["kept"]]
            removed = await repository.remove(connection, organisation, gone, for_good=False) if gone else 0
            last = found[-1]["position"]
            await operations.move(connection, pruning["id"], last, removed, len(found) - len(gone))
        return True
