"""Events about people."""

from collections.abc import Sequence

from libs.common.events import Event, json_array
from services.spaces.people import service
from services.spaces.tables import Connection


async def people_changed(connection: Connection, events: Sequence[Event]) -> None:
    """auth.person.changed.v1"""
    await service.learn(connection, json_array(events))
