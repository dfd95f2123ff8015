"""Saying that one has read something, and seeing what there is to read."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Query, Response, status

from libs.common.database import DatabaseOf
from libs.common.paging import Page, PagingOf, encode_cursor
from services.spaces.callers import Reader as ReaderOf
from services.spaces.callers import Writer
from services.spaces.reading import service
from services.spaces.reading.schemas import Marked, PostIds, Reader, Unread, UnreadSpace

router: Final = APIRouter(tags=["reading"])
_NIL: Final = UUID(int=0)


@router.put("/v1/posts/{post}/read", status_code=status.HTTP_204_NO_CONTENT, summary="I have read this post")
async def mark_post(database: DatabaseOf, caller: Writer, post: UUID) -> Response:
    """Mark a post as read. The first time counts; a second time changes nothing."""
    await service.mark_one(database, caller, post)
    return Response(status_code=status.HTTP_204_NO_CONTENT)


@router.post("/v1/me/read", summary="I have read these posts")
async def mark_posts(database: DatabaseOf, caller: Writer, body: PostIds) -> Marked:
    """Mark many posts as read at once; those that are not for the caller are left out of the answer."""
    return Marked(posts=await service.mark(database, caller, body.posts))


@router.get("/v1/me/unread", summary="How much there is to read")
async def read_unread(database: DatabaseOf, caller: ReaderOf) -> Unread:
    """Posts of others in the caller's spaces that the caller has not marked as read."""
    spaces = [UnreadSpace(**row) for row in await service.unread(database.pool, caller)]
    return Unread(total=sum(one.unread for one in spaces), spaces=spaces)


@router.get("/v1/posts/{post}/readers", summary="Who has read a post")
async def read_readers(
    database: DatabaseOf,
    caller: ReaderOf,
    post: UUID,
    paging: PagingOf,
    read: Annotated[bool | None, Query(description="only those who have, or only those who have not")] = None,
) -> Page[Reader]:
    """The members of the space with the time they read it, for those who may post there."""
    (after,) = paging.after(UUID) or (_NIL,)
    rows = await service.page_of_readers(
        database, caller, post, read=read, after=after, limit=paging.limit + 1
    )
    shown = rows[: paging.limit]
    cursor = encode_cursor(shown[-1]["person"]) if len(rows) > len(shown) else None
    return paging.page([Reader(**row) for row in shown], cursor)
