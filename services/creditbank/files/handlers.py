"""What auth's news of people mean for the items of files."""

import json
from collections.abc import Sequence
from uuid import UUID

from libs.common.events import Event
from services.creditbank.files import service
from services.creditbank.tables import Connection


async def people_erased(connection: Connection, events: Sequence[Event]) -> None:
    """The handler of auth.person.erased.v1, before the learners': names go from what was read of files."""
    await service.forget(connection, [UUID(json.loads(event.data)["id"]) for event in events])
