"""What auth tells of people."""

from collections.abc import Sequence

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
