"""What auth tells of people, for what they brought from elsewhere."""

import json
from collections.abc import Sequence
from uuid import UUID

from libs.common.events import Event
from services.creditbank.tables import Connection
from services.creditbank.xapi.carrying import service


async def people_erased(connection: Connection, events: Sequence[Event]) -> None:
    """Part of the handler of auth.person.erased.v1, before the learners' cuts their ids."""
    await service.forget(connection, [UUID(json.loads(event.data)["id"]) for event in events])
