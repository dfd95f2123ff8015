"""Handlers of learning events, by type."""

from collections.abc import Sequence

from libs.common.events import Event
from libs.common.inbox import Handler
from services.creditbank.tables import Connection
from services.creditbank.xapi.learning.service import MAKERS, Writer


def handlers(writer: Writer) -> dict[str, Handler]:
    """What is done with each type of the events of spaces."""
    return {kind: _handler(writer, kind) for kind in MAKERS}


def _handler(writer: Writer, kind: str) -> Handler:
    async def handle(connection: Connection, events: Sequence[Event]) -> None:
        await writer.write(connection, kind, events)

    return handle
