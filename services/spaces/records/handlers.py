"""Events about records."""

from collections.abc import Sequence

from libs.common.events import Event, json_array
from services.spaces.lives import service as lives
from services.spaces.records import repository
from services.spaces.tables import Connection


async def records_summarised(connection: Connection, events: Sequence[Event]) -> None:
    """creditbank.record.summarised.v1"""
    await lives.lock(connection, to_change=False)
    await repository.learn(connection, json_array(events))
