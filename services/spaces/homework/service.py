"""Handing work in, and giving it back.

What a class does is seen by its teachers, by each student of their own, and by that student's guardians.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, cast
from uuid import UUID

import orjson

from libs.common.database import Database
from libs.common.tracing import current_traceparent
from services.spaces.homework import events, repository
from services.spaces.homework.problems import (
    MarkOutOfRange,
    NewerAttempt,
    StudentsOnly,
    SubmissionsClosed,
    TeachersOnly,
    TooManyAttempts,
    WorkNotFound,
)
from services.spaces.homework.repository import erase, pass_on
from services.spaces.homework.rules import MOST_ATTEMPTS
from services.spaces.lives import service as lives
from services.spaces.people.problems import PersonNotFound
from services.spaces.posts import service as posts
from services.spaces.posts.problems import AssignmentNotFound, PostNotFound
from services.spaces.spaces import rules
from services.spaces.spaces.problems import SpaceClosed
from services.spaces.spaces.rules import Held
from services.spaces.spaces.service import Place
from services.spaces.tables import Connection, Row

__all__ = ["erase", "give_back", "hand_in", "own", "page_of_class", "page_of_student", "pass_on", "work"]

_STUDENT = Held("student", "class")


async def hand_in(
    database: Database,
    *,
    caller: UUID,
    post: UUID,
    text: str | None,
    links: list[dict[str, Any]],
    digest: bytes,
) -> bytes:
    """Keep one attempt more and return all as JSON; the same as the last one changes nothing.

    Raises PostNotFound, StudentsOnly, SpaceClosed, AssignmentNotFound, SubmissionsClosed, TooManyAttempts.
    """
    place, _ = await posts.place_of(database, caller, post)
    if _STUDENT not in place.held:
        raise StudentsOnly
    if place.is_closed:
        raise SpaceClosed
    async with _writing(database, place.caller) as (connection, student):
        submission = await repository.hold(connection, post, student)
        if submission is None:
            raise AssignmentNotFound
        done = await repository.add_attempt(
            connection, submission, text=text, links=orjson.dumps(links), digest=digest
        )
        if done["id"] is not None:
            await repository.tell_of_attempt(
                connection, done["id"], events.WORK_SUBMITTED, current_traceparent()
            )
        elif not done["is_same"]:
            raise SubmissionsClosed if done["is_closed"] else TooManyAttempts(most=MOST_ATTEMPTS)
    database.events_recorded()
    return await _shown(database, post, student)


async def give_back(
    database: Database,
    *,
    caller: UUID,
    post: UUID,
    student: UUID,
    attempt: UUID,
    mark: int | None,
    comment: str | None,
) -> bytes:
    """Return the newest attempt, with a mark (hundredths) and words or without, and show all as JSON.

    Returning it again with another mark replaces the mark; what it was stays. The same again changes nothing.
    Raises PostNotFound, TeachersOnly, SpaceClosed, AssignmentNotFound, MarkOutOfRange, WorkNotFound,
    NewerAttempt.
    """
    place = await _teaching(database, caller, post)
    if place.is_closed:
        raise SpaceClosed
    best = await repository.best_mark(database.pool, post)
    if best is None:
        raise AssignmentNotFound
    if mark is not None and (best["points"] is None or mark > best["points"]):
        points = best["points"]
        raise MarkOutOfRange(points=None if points is None else f"{points // 100}.{points % 100:02}")
    student = await _present(database, student)
    async with _writing(database, place.caller) as (connection, teacher):
        submission = await repository.hold_given(connection, post, student)
        if submission is None:
            raise WorkNotFound
        if await repository.newest_attempt(connection, submission) != attempt:
            raise NewerAttempt
        given_back = await repository.give_back(connection, attempt, teacher, mark, comment)
        if given_back is not None:
            await repository.tell_of_return(
                connection, given_back, events.WORK_RETURNED, current_traceparent()
            )
    database.events_recorded()
    return await _shown(database, post, student)


async def own(database: Database, caller: UUID, post: UUID) -> bytes:
    """The caller's own work as JSON, also before anything is handed in; raises as `hand_in`."""
    place, _ = await posts.place_of(database, caller, post)
    if _STUDENT not in place.held:
        raise StudentsOnly
    return await _shown(database, post, place.caller)


async def work(database: Database, caller: UUID, post: UUID, student: UUID) -> bytes:
    """A student's work as JSON, for the student, the guardians and the teachers; raises WorkNotFound."""
    place, _ = await posts.place_of(database, caller, post)
    student = await _present(database, student)
    may_look = (
        rules.speaks(place.kind, place.held)
        or student == place.caller
        or await repository.is_guardian(database.pool, student, place.caller)
    )
    row = await repository.work(database.pool, post, student) if may_look else None
    if row is None or not row["is_there"]:
        raise WorkNotFound
    item: bytes = row["item"]
    return item


async def page_of_class(
    database: Database, caller: UUID, post: UUID, *, after: UUID, limit: int
) -> Sequence[Row]:
    """How far each student is, for the teachers; raises PostNotFound, TeachersOnly, AssignmentNotFound."""
    place = await _teaching(database, caller, post)
    if await repository.best_mark(database.pool, post) is None:
        raise AssignmentNotFound
    return await repository.page_of_class(database.pool, post, place.id, after=after, limit=limit)


async def page_of_student(
    database: Database, caller: UUID, student: UUID, *, before: UUID, limit: int
) -> Sequence[Row]:
    """How far a student is with the homework of all classes, for the student and the guardians.

    Raises PersonNotFound for everybody else.
    """
    caller, student = await lives.after_merges(database.pool, caller, student) or (caller, student)
    if caller != student and not await repository.is_guardian(database.pool, student, caller):
        raise PersonNotFound
    return await repository.page_of_student(database.pool, student, before=before, limit=limit)


async def _teaching(database: Database, caller: UUID, post: UUID) -> Place:
    place, _ = await posts.place_of(database, caller, post)
    if not rules.speaks(place.kind, place.held):
        raise TeachersOnly
    return place


async def _present(database: Database, person: UUID) -> UUID:
    (present,) = await lives.after_merges(database.pool, person) or (person,)
    return present


async def _shown(database: Database, post: UUID, student: UUID) -> bytes:
    row = await repository.work(database.pool, post, student)
    if row is None:
        raise AssignmentNotFound
    item: bytes = row["item"]
    return item


@asynccontextmanager
async def _writing(database: Database, person: UUID) -> AsyncIterator[tuple[Connection, UUID]]:
    """A transaction for a person, in which nobody is merged or erased; raises PostNotFound for the erased."""
    async with database.pool.acquire() as pooled, pooled.transaction():
        connection = cast("Connection", pooled)
        present = await repository.living(connection, person)
        if present is None:
            raise PostNotFound
        yield connection, present
