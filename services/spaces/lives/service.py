"""Old ids: of records that were merged into others, and of people who were erased.

Nothing is kept under an old id. Events that still name one are applied to the survivor, or to nobody; whoever
asks by one and finds nothing is led to the survivor (`after_merges`).
"""

from collections.abc import Sequence
from uuid import UUID

from services.spaces.lives import repository
from services.spaces.lives.repository import erase, lock
from services.spaces.tables import Connection, Pool

__all__ = ["after_merges", "erase", "lock", "retire"]


async def after_merges(pool: Pool, *ids: UUID) -> Sequence[UUID] | None:
    """The ids with those of merged people replaced by the survivors'; None if none of them was merged.

    To be asked by who finds nothing, before looking once more: present ids then cost no look-up here.
    """
    found = {old: new for old, new in (await repository.retired(pool, ids)).items() if new is not None}
    return [found.get(one, one) for one in ids] if found else None


async def retire(connection: Connection, other: UUID, into: UUID) -> UUID | None:
    """Make `other` an old id of whoever `into` is by now; the survivor, None if that one is erased.

    Idempotent, in any order: also if the survivor itself was merged or erased before this is heard.
    """
    known = await repository.retired(connection, [other, into])
    survivor = known.get(into, into)
    if survivor is None or (other in known and known[other] is None):
        await repository.erase(connection, [other])
        return None
    if survivor != other:
        await repository.retire(connection, other, survivor)
    return survivor
