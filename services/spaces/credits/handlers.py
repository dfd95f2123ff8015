"""Events about credits. All add up, so that it does not matter which of a batch are applied first."""

from collections.abc import Iterator, Sequence
from typing import Final

from libs.common.events import Event, json_array
from libs.common.inbox import Handler
from services.spaces.credits import repository
from services.spaces.credits.rules import CHANGES, Change
from services.spaces.lives import service as lives
from services.spaces.tables import Connection

#: one event may tell of a thousand entries, so a batch is applied in portions of this size
_PORTION_BYTES: Final = 4 * 1024 * 1024


def _handler(change: Change) -> Handler:
    async def handle(connection: Connection, events: Sequence[Event]) -> None:
        await lives.lock(connection, to_change=False)
        for portion in _portions(events):
            await repository.add(connection, json_array(portion), change)

    return handle


#: by type of event what adds it up
HANDLERS: Final[dict[str, Handler]] = {kind: _handler(change) for kind, change in CHANGES.items()}


def _portions(events: Sequence[Event]) -> Iterator[list[Event]]:
    portion: list[Event] = []
    size = 0
    for event in events:
        if portion and size + len(event.data) > _PORTION_BYTES:
            yield portion
            portion, size = [], 0
        portion.append(event)
        size += len(event.data)
    if portion:
        yield portion
