"""Events about people."""

from collections.abc import Sequence
from uuid import UUID

import orjson

from libs.common.events import Event, json_array
from services.spaces.people import service
from services.spaces.tables import Connection


async def people_changed(connection: Connection, events: Sequence[Event]) -> None:
    """auth.person.changed.v1"""
    await service.learn(connection, json_array(events))


async def people_merged(connection: Connection, events: Sequence[Event]) -> None:
    """auth.person.merged.v1, one by one: there may be chains among them"""
    for event in events:
        told = orjson.loads(event.data)
        await service.merge(connection, UUID(told["id"]), UUID(told["into"]))


async def people_erased(connection: Connection, events: Sequence[Event]) -> None:
    """auth.person.erased.v1"""
    await service.erase(connection, [UUID(orjson.loads(event.data)["id"]) for event in events])
