"""Marking posts as read, and seeing what is unread and by whom."""

from collections.abc import Sequence
from uuid import UUID

from libs.common.database import Database
from libs.common.tracing import current_traceparent
from services.spaces.lives import service as lives
from services.spaces.posts import service as posts
from services.spaces.posts.problems import PostNotFound
from services.spaces.reading import events, repository
from services.spaces.reading.repository import erase, pass_on
from services.spaces.spaces import rules
from services.spaces.spaces.problems import MembersHidden
from services.spaces.tables import Pool, Row

__all__ = ["erase", "mark", "mark_one", "page_of_readers", "pass_on", "unread"]


async def mark(database: Database, reader: UUID, wanted: Sequence[UUID]) -> list[UUID]:
    """Mark posts as read and return those the person may read; others are left out, whatever they are."""
    row = await repository.mark(
        database.pool, reader, wanted, event_type=events.POST_READ, traceparent=current_traceparent()
    )
    if row["added"]:
        database.events_recorded()
    found: list[UUID] = row["posts"]
    return found


async def mark_one(database: Database, reader: UUID, post: UUID) -> None:
    """Mark one post as read; raises PostNotFound for whom it is none."""
    if not await mark(database, reader, [post]):
        raise PostNotFound


async def unread(pool: Pool, person: UUID) -> Sequence[Row]:
    """The spaces with posts this person has not read, and how many."""
    rows = await repository.unread(pool, person)
    if not rows and (present := await lives.after_merges(pool, person)):
        rows = await repository.unread(pool, present[0])
    return rows


async def page_of_readers(
    database: Database, caller: UUID, post: UUID, *, read: bool | None, after: UUID, limit: int
) -> Sequence[Row]:
    """Who has and who has not read a post, for those who speak in its space.

    Raises PostNotFound, and MembersHidden for who only reads there.
    """
    place, author = await posts.place_of(database, caller, post)
    if not rules.speaks(place.kind, place.held):
        raise MembersHidden
    return await repository.page_of_readers(
        database.pool, post, place.id, read=read, author=author, after=after, limit=limit
    )
