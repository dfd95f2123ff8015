"""What auth tells of people."""

import json
from collections.abc import Sequence
from uuid import UUID

from libs.common.events import Event, json_array
from libs.common.inbox import Handler
from services.creditbank.learners import service
from services.creditbank.learners.keys import KeyRing
from services.creditbank.tables import Connection


def person_changed(keys: KeyRing) -> Handler:
    """The handler of auth.person.changed.v1; `keys` wraps the shred keys of new learners."""

    async def handle(connection: Connection, events: Sequence[Event]) -> None:
        await service.learn(connection, keys, json_array(events))

    return handle


async def people_merged(connection: Connection, events: Sequence[Event]) -> None:
    """The handler of auth.person.merged.v1; one by one, for there may be chains among them."""
    for event in events:
        told = json.loads(event.data)
        await service.join(connection, UUID(told["id"]), UUID(told["into"]), told["version"])


async def people_erased(connection: Connection, events: Sequence[Event]) -> None:
    """The handler of auth.person.erased.v1."""
    await service.erase(connection, [UUID(json.loads(event.data)["id"]) for event in events])
