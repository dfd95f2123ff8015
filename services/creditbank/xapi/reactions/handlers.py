"""What auth's news of people mean for statements that met conditions, and for claims."""

import json
from collections.abc import Sequence
from uuid import UUID

from libs.common.events import Event
from services.creditbank.tables import Connection
from services.creditbank.xapi.reactions import service


def _people(events: Sequence[Event]) -> list[UUID]:
    return [UUID(json.loads(event.data)["id"]) for event in events]


async def people_changed(connection: Connection, events: Sequence[Event]) -> None:
    """Part of the handler of auth.person.changed.v1, after the agents are known that name them."""
    await service.mark_due(connection, _people(events))


async def people_merged(connection: Connection, events: Sequence[Event]) -> None:
    """Part of the handler of auth.person.merged.v1, after the learners': both meet conditions together."""
    await service.mark_joined(connection, _people(events))


async def people_erased(connection: Connection, events: Sequence[Event]) -> None:
    """Part of the handler of auth.person.erased.v1, before the agents and ids of these people are gone."""
    await service.forget(connection, _people(events))
