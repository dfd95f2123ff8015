"""What auth tells of courses."""

from collections.abc import Sequence

from libs.common.events import Event, json_array
from services.creditbank.outcomes import service
from services.creditbank.tables import Connection


async def course_changed(connection: Connection, events: Sequence[Event]) -> None:
    """The handler of auth.course.changed.v1: of one course the highest version stays."""
    await service.learn(connection, json_array(events))
