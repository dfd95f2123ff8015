"""Homework: handing in, looking, giving back."""

from typing import Final
from uuid import UUID

from fastapi import APIRouter, Response

from libs.common.database import DatabaseOf
from libs.common.paging import Page, PagingOf
from services.spaces.answers import PRIVATE, json_answer
from services.spaces.callers import Reader, Writer
from services.spaces.homework import service
from services.spaces.homework.schemas import (
    HomeworkStanding,
    ReturnInput,
    StudentStanding,
    WorkAnswer,
    WorkInput,
)
from services.spaces.posts.schemas import hundredths

router: Final = APIRouter(tags=["homework"])
_FIRST: Final = UUID(int=0)
_NEWEST: Final = UUID(int=2**128 - 1)


@router.put("/v1/posts/{post}/submission", response_model=WorkAnswer, summary="Hand my work in")
async def hand_in(database: DatabaseOf, caller: Writer, post: UUID, body: WorkInput) -> Response:
    """One attempt more, as long as work is taken; the same as the last one changes nothing.

    Whether it is late is decided now, by the server's clock, and every attempt is kept.
    """
    links = [link.model_dump() for link in body.links]
    shown = await service.hand_in(
        database, caller=caller, post=post, text=body.text, links=links, digest=body.digest()
    )
    return json_answer(shown)


@router.get("/v1/posts/{post}/submission", response_model=WorkAnswer, summary="My work")
async def read_own(database: DatabaseOf, caller: Reader, post: UUID) -> Response:
    """What I handed in and got back; state `new` and no attempts before that."""
    return json_answer(await service.own(database, caller, post))


@router.get(
    "/v1/posts/{post}/submissions", response_model=Page[StudentStanding], summary="How far my students are"
)
async def read_class(database: DatabaseOf, caller: Reader, post: UUID, paging: PagingOf) -> Response:
    """Every student of the class, also those who handed nothing in; for its teachers."""
    (after,) = paging.after(UUID) or (_FIRST,)
    rows = await service.page_of_class(database, caller, post, after=after, limit=paging.limit + 1)
    return paging.answer(rows, headers=PRIVATE)


@router.get(
    "/v1/posts/{post}/submissions/{student}", response_model=WorkAnswer, summary="The work of one student"
)
async def read_work(database: DatabaseOf, caller: Reader, post: UUID, student: UUID) -> Response:
    """All attempts and returns; for teachers of the class, the student, and the student's guardians."""
    return json_answer(await service.work(database, caller, post, student))


@router.put(
    "/v1/posts/{post}/submissions/{student}/return", response_model=WorkAnswer, summary="Give work back"
)
async def give_back(
    database: DatabaseOf, caller: Writer, post: UUID, student: UUID, body: ReturnInput
) -> Response:
    """With a mark and words, or without; the student sees it at once.

    Given back again, the newest mark counts and earlier ones stay. The same again changes nothing. If the
    student has handed in again meanwhile it is 409, so that no mark is for what nobody has looked at.
    """
    mark = None if body.mark is None else hundredths(body.mark)
    shown = await service.give_back(
        database,
        caller=caller,
        post=post,
        student=student,
        attempt=body.attempt,
        mark=mark,
        comment=body.comment,
    )
    return json_answer(shown)


@router.get("/v1/me/homework", response_model=Page[HomeworkStanding], summary="My homework")
async def read_homework(database: DatabaseOf, caller: Reader, paging: PagingOf) -> Response:
    """The homework of all classes one is a student in, newest first, and how far one is with it."""
    return await _homework(database, caller, caller, paging)


@router.get(
    "/v1/people/{person}/homework", response_model=Page[HomeworkStanding], summary="My child's homework"
)
async def read_childs_homework(
    database: DatabaseOf, caller: Reader, person: UUID, paging: PagingOf
) -> Response:
    """The same of a child whose guardian the caller is, or of the caller."""
    return await _homework(database, caller, person, paging)


async def _homework(database: DatabaseOf, caller: UUID, student: UUID, paging: PagingOf) -> Response:
    (before,) = paging.after(UUID) or (_NEWEST,)
    rows = await service.page_of_student(database, caller, student, before=before, limit=paging.limit + 1)
    return paging.answer(rows, headers=PRIVATE)
