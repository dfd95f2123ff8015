"""What auth tells of organisations."""

from collections.abc import Sequence

from libs.common.events import Event, json_array
from services.creditbank.institutions import service
from services.creditbank.tables import Connection


async def organisation_changed(connection: Connection, events: Sequence[Event]) -> None:
    """The handler of auth.organisation.changed.v1: of one organisation the highest version stays."""
    await service.learn(connection, json_array(events))


async def organisation_changed_where_reviewed(connection: Connection, events: Sequence[Event]) -> None:
    """The same where institutions have to be let in: a new one may not post before it is registered."""
    await service.learn(connection, json_array(events), standing="unregistered")
