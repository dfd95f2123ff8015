"""Learning about people from events: who they are, that two records are one person's, that one is no more."""

from collections.abc import Sequence
from uuid import UUID

from services.spaces.classes import service as classes
from services.spaces.credits import service as totals
from services.spaces.homework import service as homework
from services.spaces.lives import service as lives
from services.spaces.memberships import service as memberships
from services.spaces.people import repository
from services.spaces.posts import service as posts
from services.spaces.reading import service as reading
from services.spaces.records import service as records
from services.spaces.spaces import service as spaces
from services.spaces.tables import Connection


async def learn(connection: Connection, snapshots: bytes) -> None:
    """Apply a JSON array of person snapshots: the copy, the personal space, the places in other spaces."""
    changed = await repository.learn(connection, snapshots)
    if changed:
        await spaces.open_personal(connection, changed)
        await memberships.refresh_by_roles(connection, changed)
        await classes.rename_teachers(connection, changed)


async def merge(connection: Connection, other: UUID, into: UUID) -> None:
    """Two records are of one person: what is kept of the other becomes the survivor's, in one personal space.

    Idempotent, in any order. What the survivor is and where it belongs comes with its own snapshot.
    """
    await lives.lock(connection, to_change=True)
    survivor = await lives.retire(connection, other, into)
    if survivor is None:
        await erase(connection, [other])
    elif survivor != other:
        await repository.pass_on(connection, other, survivor)
        await memberships.pass_on(connection, other, survivor)
        await posts.pass_on(connection, other, survivor)
        await reading.pass_on(connection, other, survivor)
        await homework.pass_on(connection, other, survivor)
        await totals.pass_on(connection, other, survivor)
        await records.erase(connection, [other])
        await spaces.pass_on_personal(connection, other, survivor)
        await classes.rename_teachers(connection, [survivor])


async def erase(connection: Connection, people: Sequence[UUID]) -> None:
    """These people are no more: what was known of them goes, with the personal space and all in it.

    What they said to a class or a school, and gave back to its students, stays there, by a former member;
    what they handed in goes. Idempotent, in any order.
    """
    await lives.lock(connection, to_change=True)
    await lives.erase(connection, people)
    await repository.erase(connection, people)
    taught = await memberships.end_all(connection, people)
    await classes.retell_teachers(connection, taught)
    await totals.erase(connection, people)
    await records.erase(connection, people)
    await reading.erase(connection, people)
    await homework.erase(connection, people)
    await spaces.close_personal(connection, people)
