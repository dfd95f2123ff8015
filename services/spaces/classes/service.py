"""Learning about classes from events."""

from services.spaces.classes import repository
from services.spaces.classes.repository import rename_teachers, retell_teachers
from services.spaces.memberships import service as memberships
from services.spaces.spaces import service as spaces
from services.spaces.tables import Connection

__all__ = ["learn", "rename_teachers", "retell_teachers"]


async def learn(connection: Connection, snapshots: bytes) -> None:
    """Apply a JSON array of class snapshots: members, the copy, and the space.

    Members come first: which snapshots are news shows only while the older copy is still there.
    """
    await memberships.replace_class_members(connection, snapshots)
    changed = await repository.save(connection, snapshots)
    await spaces.open_for_classes(connection, changed)
