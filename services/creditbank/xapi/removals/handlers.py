"""What auth tells of people who are no more, for what they did."""

import json
from collections.abc import Sequence
from uuid import UUID

from libs.common.events import Event
from libs.common.inbox import Handler
from services.creditbank.tables import Connection
from services.creditbank.xapi.removals import repository


def people_erased(issuer: str) -> Handler:
    """Part of the handler of auth.person.erased.v1, before the ids are cut; the work is done afterwards."""

    async def handle(connection: Connection, events: Sequence[Event]) -> None:
        people = [UUID(json.loads(event.data)["id"]) for event in events]
        await repository.begin(connection, people, issuer)

    return handle
