"""Learning about people from events."""

from services.spaces.classes import service as classes
from services.spaces.memberships import service as memberships
from services.spaces.people import repository
from services.spaces.spaces import service as spaces
from services.spaces.tables import Connection


async def learn(connection: Connection, snapshots: bytes) -> None:
    """Apply a JSON array of person snapshots: the copy, the personal space, the places in other spaces."""
    changed = await repository.learn(connection, snapshots)
    if changed:
        await spaces.open_personal(connection, changed)
        await memberships.refresh_by_roles(connection, changed)
        await classes.rename_teachers(connection, changed)
