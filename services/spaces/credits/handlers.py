"""Events about credits."""

from collections.abc import Iterator, Sequence
from typing import Final

from libs.common.events import Event, json_array
from services.spaces.credits import repository
from services.spaces.lives import service as lives
from services.spaces.tables import Connection

#: one event may tell of a thousand entries, so a batch is applied in portions of this size
_PORTION_BYTES: Final = 4 * 1024 * 1024


async def credits_posted(connection: Connection, events: Sequence[Event]) -> None:
    """creditbank.credits.posted.v1"""
    await lives.lock(connection, to_change=False)
    for portion in _portions(events):
        await repository.add(connection, json_array(portion))


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
