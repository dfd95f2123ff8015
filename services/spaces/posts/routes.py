"""Posting to a space, and reading what was posted."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Header, Response, status

from libs.common.database import DatabaseOf
from libs.common.fields import Key
from libs.common.paging import Page, PagingOf
from services.spaces.answers import PRIVATE, json_answer, page_answer
from services.spaces.callers import Reader, Writer
from services.spaces.lives import service as lives
from services.spaces.people.problems import NotYetKnown
from services.spaces.posts import repository, service
from services.spaces.posts.schemas import (
    AuthorReference,
    Dates,
    LinkAnswer,
    PostAnswer,
    PostInput,
    PostPatch,
    SpaceReference,
    assignment_answer,
)
from services.spaces.spaces import service as spaces
from services.spaces.spaces.problems import RoleNotHeld
from services.spaces.spaces.schemas import View

router: Final = APIRouter(tags=["posts"])

IdempotencyKey = Annotated[
    Key,
    Header(
        alias="Idempotency-Key",
        description="chosen by the client, for example a UUID: a repeated request publishes nothing again",
    ),
]


@router.get("/v1/feed", response_model=Page[PostAnswer], summary="What is new in my spaces")
async def read_feed(database: DatabaseOf, caller: Reader, paging: PagingOf, view: View = None) -> Response:
    """Posts of every space the caller reads, newest first; a guardian's view shows the children's classes."""
    (before,) = paging.after(UUID) or (repository.NEWEST,)
    row = await repository.feed(database.pool, caller, view, before, paging.limit)
    if not row["is_known"] and (present := await lives.after_merges(database.pool, caller)):
        row = await repository.feed(database.pool, present[0], view, before, paging.limit)
    if not row["is_known"]:
        raise NotYetKnown
    if not row["is_held"]:
        raise RoleNotHeld(view=view)
    return page_answer(row["items"], row["last"], paging)


@router.get("/v1/spaces/{space}/posts", response_model=Page[PostAnswer], summary="What was posted in a space")
async def read_posts(
    database: DatabaseOf, caller: Reader, space: UUID, paging: PagingOf, view: View = None
) -> Response:
    """Posts of one space, newest first. A page stays what it is while new posts arrive."""
    place = await spaces.enter(database.pool, caller, space, view)
    (before,) = paging.after(UUID) or (repository.NEWEST,)
    row = await repository.page_of_space(database.pool, place.id, place.caller, before, paging.limit)
    return page_answer(row["items"], row["last"], paging)


@router.post("/v1/spaces/{space}/posts", status_code=status.HTTP_201_CREATED, summary="Post to a space")
async def publish_post(
    database: DatabaseOf,
    caller: Writer,
    response: Response,
    space: UUID,
    body: PostInput,
    key: IdempotencyKey,
    view: View = None,
) -> PostAnswer:
    """Say something to everybody in the space. The same key and content again gives the first answer."""
    links = [link.model_dump() for link in body.links]
    assigned = body.assigned()
    content = service.Content(body.kind, body.title, body.text, links, body.digest(space), assigned)
    done = await service.publish(database, author=caller, space=space, view=view, key=key, content=content)
    response.headers.update({**PRIVATE, "Location": f"/v1/posts/{done.id}"})
    return PostAnswer(
        id=done.id,
        space=SpaceReference(id=done.place.id, kind=done.place.kind, title=done.place.title),
        kind=body.kind,
        title=body.title,
        text=body.text,
        links=[LinkAnswer(url=link.url, title=link.title) for link in body.links],
        author=AuthorReference(id=done.place.caller, name=done.place.caller_name, former=False),
        recorded_at=done.recorded_at,
        changed_at=None,
        assignment=None if assigned is None else assignment_answer(assigned),
        read=True,
    )


@router.get("/v1/posts/{post}", response_model=PostAnswer, summary="One post")
async def read_post(database: DatabaseOf, caller: Reader, post: UUID) -> Response:
    """The post, for everybody who may read in its space."""
    return json_answer(await service.read(database, caller=caller, post=post))


@router.patch("/v1/posts/{post}", response_model=PostAnswer, summary="Change a post of mine")
async def change_post(database: DatabaseOf, caller: Writer, post: UUID, body: PostPatch) -> Response:
    """Replace title, text or links of the caller's own post; what they were stays on record."""
    await service.change(database, author=caller, post=post, members=body.model_dump(exclude_unset=True))
    return json_answer(await service.read(database, caller=caller, post=post))


@router.put("/v1/posts/{post}/dates", response_model=PostAnswer, summary="Change the dates of my homework")
async def change_dates(database: DatabaseOf, caller: Writer, post: UUID, body: Dates) -> Response:
    """Both dates anew; one left out is none. What was handed in before stays late or in time as it was."""
    due_at, closes_at = body.in_utc()
    await service.change_dates(database, author=caller, post=post, due_at=due_at, closes_at=closes_at)
    return json_answer(await service.read(database, caller=caller, post=post))


@router.delete("/v1/posts/{post}", status_code=status.HTTP_204_NO_CONTENT, summary="Remove a post of mine")
async def remove_post(database: DatabaseOf, caller: Writer, post: UUID) -> Response:
    """Take the caller's own post away from everybody's eyes; that it was there stays on record."""
    await service.remove(database, author=caller, post=post)
    return Response(status_code=status.HTTP_204_NO_CONTENT)
