"""What auth's news of people mean for credits that wait for their learners."""

import json
from collections.abc import Sequence
from uuid import UUID

from libs.common.events import Event, json_array
from services.creditbank.suspense import service
from services.creditbank.tables import Connection


async def person_changed(connection: Connection, events: Sequence[Event]) -> None:
    """The handler of auth.person.changed.v1, after the learners': what may be theirs is looked at again."""
    await service.mark_due(connection, json_array(events))


async def people_erased(connection: Connection, events: Sequence[Event]) -> None:
    """The handler of auth.person.erased.v1, before the learners': names go, and nothing waits for them."""
    await service.forget(connection, [UUID(json.loads(event.data)["id"]) for event in events])
