"""Publishing, changing and removing posts."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
from sqlmodel.ext.asyncio.session import AsyncSession

from libs.common.database import Database
from libs.common.ids import new_id
from libs.common.outbox import record
from libs.common.problems import IdempotencyConflict
from libs.common.tracing import current_traceparent
from services.spaces.posts import events, repository
from services.spaces.posts.problems import (
    AssignmentNotFound,
    HomeworkOutsideClass,
    NotTheAuthor,
    PostNotFound,
)
from services.spaces.posts.repository import pass_on
from services.spaces.posts.rules import Assignment, Draft, PostKind
from services.spaces.posts.tables import Assignment as AssignmentRow
from services.spaces.posts.tables import Post, PostAudit
from services.spaces.spaces import service as spaces
from services.spaces.spaces.problems import SpaceClosed, SpaceNotFound
from services.spaces.spaces.rules import Kind
from services.spaces.spaces.service import Place
from services.spaces.tables import Row

__all__ = [
    "Content",
    "Published",
    "change",
    "change_dates",
    "pass_on",
    "place_of",
    "publish",
    "read",
    "remove",
]


@dataclass(frozen=True, slots=True)
class Content:
    """What an author wants to publish; `digest` is the same for the same content in the same space."""

    kind: PostKind
    title: str
    text: str
    links: list[dict[str, Any]]
    digest: bytes
    assignment: Assignment | None = None


@dataclass(frozen=True, slots=True)
class Published:
    """When and as what a content was first published, and where."""

    id: UUID
    recorded_at: datetime
    place: Place


async def publish(
    database: Database, *, author: UUID, space: UUID, view: str | None, key: str, content: Content
) -> Published:
    """Publish once for each key of the author; the same again gives the first outcome.

    Raises IdempotencyConflict if the key was used for something else, HomeworkOutsideClass, and what
    `enter_to_post` raises.
    """
    place = await spaces.enter_to_post(database.pool, author, space, view)
    if content.assignment is not None and place.kind != "class":
        raise HomeworkOutsideClass
    draft = Draft(
        id=new_id(),
        space=place.id,
        author=place.caller,
        kind=content.kind,
        title=content.title,
        text=content.text,
        links=content.links,
        recorded_at=datetime.now(UTC),
        client_key=hashlib.sha256(key.encode()).digest()[:16],
        content_hash=content.digest,
        assignment=content.assignment,
    )
    done = await _add(database, draft, place.kind)
    if done["author"] is None:
        raise SpaceNotFound  # erased between entering and publishing
    if done["added"]:
        database.events_recorded()
        return Published(draft.id, draft.recorded_at, place)
    first = await repository.of_key(database.pool, done["author"], draft.client_key)
    assert first is not None, "the conflict was with a committed row, and posts are never deleted"
    if first["content_hash"] != content.digest:
        raise IdempotencyConflict
    return Published(first["id"], first["recorded_at"], place)


async def _add(database: Database, draft: Draft, space_kind: Kind) -> Row:
    event = events.PostPublished(
        id=draft.id,
        space=draft.space,
        space_kind=space_kind,
        kind=draft.kind,
        author=draft.author,
        title=draft.title,
        recorded_at=draft.recorded_at,
    )
    return await repository.publish(
        database.pool,
        draft,
        links=orjson.dumps(draft.links),
        event_type=events.POST_PUBLISHED,
        event=event.model_dump_json().encode(),
        traceparent=current_traceparent(),
    )


async def read(database: Database, *, caller: UUID, post: UUID) -> bytes:
    """The post as JSON, for those who may read in its space; raises PostNotFound for everybody else."""
    row = await repository.one(database.pool, post, caller)
    if row is None:
        raise PostNotFound
    place = await _place_of(database, caller, row["space"])
    if place.caller != caller:
        row = await repository.one(database.pool, post, place.caller)
        assert row is not None, "it was there a moment ago, and posts to others are never deleted"
    item: bytes = row["item"]
    return item


async def change(database: Database, *, author: UUID, post: UUID, members: dict[str, Any]) -> None:
    """Replace the given members of the author's own post; what they were goes to the audit."""
    author = await _authored(database, author, post, to_speak=True)
    async with database.transaction() as session:
        found = await repository.locked(session, post, author)
        if found is None or found.status == "removed":
            raise PostNotFound
        if all(getattr(found, name) == value for name, value in members.items()):
            return
        now = datetime.now(UTC)
        _note(session, found, author, "changed", now, _said(found))
        for name, value in members.items():
            setattr(found, name, value)
        await _tell_of_change(session, found, now)


async def change_dates(
    database: Database, *, author: UUID, post: UUID, due_at: datetime | None, closes_at: datetime | None
) -> None:
    """Give the author's own homework other dates. What was handed in late, or in time, stays so."""
    author = await _authored(database, author, post, to_speak=True)
    async with database.transaction() as session:
        found = await repository.locked(session, post, author)
        if found is None or found.status == "removed":
            raise PostNotFound
        assignment = await session.get(AssignmentRow, post)
        if assignment is None:
            raise AssignmentNotFound
        before = (assignment.due_at, assignment.closes_at)
        if before == (due_at, closes_at):
            return
        now = datetime.now(UTC)
        told = {"due_at": before[0], "closes_at": before[1]}
        _note(session, found, author, "changed", now, {k: v and v.isoformat() for k, v in told.items()})
        assignment.due_at, assignment.closes_at = due_at, closes_at
        await _tell_of_change(session, found, now)


async def _tell_of_change(session: AsyncSession, post: Post, now: datetime) -> None:
    post.changed_at = now
    changed = events.PostChanged(
        id=post.id, space=post.space, author=post.author, title=post.title, changed_at=now
    )
    await record(session, events.POST_CHANGED, str(post.id), changed)


async def remove(database: Database, *, author: UUID, post: UUID) -> None:
    """Take the author's own post away; removing it again changes nothing."""
    author = await _authored(database, author, post, to_speak=False)
    async with database.transaction() as session:
        found = await repository.locked(session, post, author)
        if found is None or found.status == "removed":
            return
        now = datetime.now(UTC)
        _note(session, found, author, "removed", now, _said(found))
        found.status = "removed"
        found.changed_at = now
        removed = events.PostRemoved(id=post, space=found.space, author=author, removed_at=now)
        await record(session, events.POST_REMOVED, str(post), removed)


def _said(post: Post) -> dict[str, Any]:
    return {"title": post.title, "text": post.text, "links": post.links}


def _note(
    session: AsyncSession, post: Post, actor: UUID, action: str, now: datetime, before: dict[str, Any]
) -> None:
    session.add(
        PostAudit(
            id=new_id(),
            post=post.id,
            space=post.space,
            actor=actor,
            action=action,
            recorded_at=now,
            before=before,
        )
    )


async def place_of(database: Database, caller: UUID, post: UUID) -> tuple[Place, UUID]:
    """Where a post is, as somebody sees it who may read there, and its author; raises PostNotFound."""
    row = await repository.author_and_space(database.pool, post)
    if row is None or row["status"] != "published":
        raise PostNotFound
    return await _place_of(database, caller, row["space"]), row["author"]


async def _authored(database: Database, caller: UUID, post: UUID, *, to_speak: bool) -> UUID:
    """Let only the author through, while the space is open and the author belongs (and speaks) there.

    The caller's present id, should the record have been merged.
    """
    row = await repository.author_and_space(database.pool, post)
    if row is None:
        raise PostNotFound
    place = await _place_of(database, caller, row["space"])
    if row["author"] != place.caller:
        raise PostNotFound if row["status"] == "removed" else NotTheAuthor
    if place.is_closed:
        raise SpaceClosed
    if to_speak:
        await spaces.enter_to_post(database.pool, place.caller, row["space"])
    return place.caller


async def _place_of(database: Database, caller: UUID, space: UUID) -> Place:
    try:
        return await spaces.enter(database.pool, caller, space)
    except SpaceNotFound:
        raise PostNotFound from None
