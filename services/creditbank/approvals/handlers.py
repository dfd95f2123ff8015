"""What auth tells of clients."""

from collections.abc import Sequence

from libs.common.events import Event, json_array
from services.creditbank.approvals import service
from services.creditbank.tables import Connection


async def client_entrusted(connection: Connection, events: Sequence[Event]) -> None:
    """The handler of auth.client.entrusted.v1."""
    await service.learn_keepers(connection, json_array(events))
