"""What activities are called: definitions merged from statements, for whoever asks for them."""

import json
import time
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from typing import Final
from uuid import UUID

from services.creditbank.tables import Connection, Where
from services.creditbank.xapi.activities import repository
from services.creditbank.xapi.activities.rules import storable

_MOST_REMEMBERED: Final = 20_000
_REMEMBERED_S: Final = 10.0


async def definitions(where: Where, organisation: UUID, ids: Sequence[str]) -> dict[str, bytes]:
    """The canonical definitions of these activities as JSON, of those that have one."""
    found = await repository.find(where, organisation, ids)
    return {row["id"]: row["definition"] for row in found}


async def definitions_of(
    where: Where, activities: Sequence[tuple[UUID, str]]
) -> dict[tuple[UUID, str], bytes]:
    """The same of activities of several organisations, by (organisation, id)."""
    found = await repository.find_any(where, activities)
    return {(UUID(bytes=row["organisation"].bytes), row["id"]): row["definition"] for row in found}


async def define(connection: Connection, organisation: UUID, activities: bytes) -> None:
    """Merge definitions, given as a JSON array of {"id", "definition"} in the order of their statements.

    Once in a transaction, after everything else that is written in it: rows are locked in the order of keys.
    """
    await repository.define(connection, organisation, activities)


class Definitions:
    """Remembers for some seconds what this process has merged last, since most statements repeat it."""

    def __init__(self) -> None:
        self._last: OrderedDict[tuple[UUID, str], tuple[bytes, float]] = OrderedDict()

    def news(self, organisation: UUID, given: Iterable[tuple[str, bytes]]) -> bytes | None:
        """What there is to merge of activities with their definitions as JSON, as `define` takes it.

        None for nothing. What is not merged in the end must be told by `forget`.
        """
        now, new = time.monotonic(), []
        for activity, definition in given:
            key = (organisation, activity)
            known = self._last.get(key)
            if known is not None and known[0] == definition and known[1] > now:
                continue
            self._last[key] = (definition, now + _REMEMBERED_S)
            new.append(b'{"id":%b,"definition":%b}' % (json.dumps(activity).encode(), storable(definition)))
        while len(self._last) > _MOST_REMEMBERED:
            self._last.popitem(last=False)
        return b"[" + b",".join(new) + b"]" if new else None

    def forget(self, organisation: UUID, activities: Iterable[str]) -> None:
        """Take these for not merged: their transaction failed."""
        for activity in activities:
            self._last.pop((organisation, activity), None)
