"""Learning about organisations from events."""

from services.spaces.memberships import service as memberships
from services.spaces.organisations import repository
from services.spaces.spaces import service as spaces
from services.spaces.tables import Connection


async def learn(connection: Connection, snapshots: bytes) -> None:
    """Apply a JSON array of organisation snapshots: the copy, the spaces, and memberships that follow."""
    moved = await repository.moved(connection, snapshots)
    changed = await repository.save(connection, snapshots)
    await spaces.open_for_organisations(connection, changed)
    replaced = await repository.place(connection, moved) if moved else []
    holders = await repository.role_holders(connection, [*moved, *replaced])
    if holders:
        await memberships.refresh_by_roles(connection, holders)
