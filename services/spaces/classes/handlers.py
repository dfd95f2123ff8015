"""Events about classes."""

from collections.abc import Sequence

from libs.common.events import Event, json_array
from services.spaces.classes import service
from services.spaces.tables import Connection


async def classes_changed(connection: Connection, events: Sequence[Event]) -> None:
    """auth.class.changed.v1"""
    await service.learn(connection, json_array(events))
