"""Events about organisations."""

from collections.abc import Sequence

from libs.common.events import Event, json_array
from services.spaces.organisations import service
from services.spaces.tables import Connection


async def organisations_changed(connection: Connection, events: Sequence[Event]) -> None:
    """auth.organisation.changed.v1"""
    await service.learn(connection, json_array(events))
