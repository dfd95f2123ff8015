"""What auth tells of people, for the account of who read their records."""

import json
from collections.abc import Sequence
from uuid import UUID

from libs.common.events import Event
from libs.common.inbox import Handler
from services.creditbank.tables import Connection
from services.creditbank.xapi.readings import service


def people_erased(issuer: str) -> Handler:
    """Part of the handler of auth.person.erased.v1, before their agents are forgotten."""

    async def handle(connection: Connection, events: Sequence[Event]) -> None:
        people = [UUID(json.loads(event.data)["id"]) for event in events]
        await service.forget(connection, people, issuer)

    return handle
