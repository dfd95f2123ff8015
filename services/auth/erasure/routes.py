"""Erasure over HTTP: of oneself, of a young child in one's care, of somebody one is in charge of."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response

from libs.common.database import Writing
from services.auth.actors import Actor
from services.auth.callers import AccountHolderInPerson, Manager
from services.auth.erasure import service
from services.auth.erasure.schemas import Erasure

router: Final = APIRouter(prefix="/v1", tags=["erasure"])


async def _own(session: Writing, actor: AccountHolderInPerson) -> tuple[Actor, UUID]:
    return actor, await service.require_own(session, actor)


async def _child(child: UUID, session: Writing, actor: AccountHolderInPerson) -> tuple[Actor, UUID]:
    return actor, await service.require_care(session, actor, child)


async def _person(person: UUID, session: Writing, actor: Manager) -> tuple[Actor, UUID]:
    return actor, await service.require_charge(session, actor, person)


#: who asks, and about whom
Own = Annotated[tuple[Actor, UUID], Depends(_own)]
Child = Annotated[tuple[Actor, UUID], Depends(_child)]
Person = Annotated[tuple[Actor, UUID], Depends(_person)]


async def _asked(request: Request, session: Writing, who: tuple[Actor, UUID]) -> Erasure:
    await service.ask(session, *who, days=request.app.state.settings.erasure_wait_days)
    return await _told(session, who)


async def _told(session: Writing, who: tuple[Actor, UUID]) -> Erasure:
    found = await service.waiting(session, who[1])
    return Erasure(
        asked_by=found.asked_by, asked_at=found.asked_at, due_at=found.due_at, waits_for=found.waits_for
    )


def _private(response: Response) -> None:
    response.headers["Cache-Control"] = "no-store"


@router.post("/me/erasure", status_code=202, response_model=Erasure, summary="Ask to be erased")
async def ask_for_oneself(request: Request, session: Writing, who: Own, response: Response) -> Erasure:
    """From 14 on; until the day comes it can be withdrawn. What others have of one stays without the name."""
    _private(response)
    return await _asked(request, session, who)


@router.get("/me/erasure", response_model=Erasure, summary="One's erasure")
async def read_own(session: Writing, who: Own, response: Response) -> Erasure:
    """When, and what it waits for; absent if nobody asked."""
    _private(response)
    return await _told(session, who)


@router.delete("/me/erasure", status_code=204, summary="Withdraw one's erasure")
async def withdraw_own(session: Writing, who: Own) -> None:
    """Whoever asked for it."""
    await service.cancel(session, *who)


@router.post(
    "/me/children/{child}/erasure", status_code=202, response_model=Erasure, summary="Ask to erase a child"
)
async def ask_for_child(request: Request, session: Writing, who: Child, response: Response) -> Erasure:
    """As a guardian of a child under 14, or of a pupil whose age nobody told."""
    _private(response)
    return await _asked(request, session, who)


@router.get("/me/children/{child}/erasure", response_model=Erasure, summary="A child's erasure")
async def read_of_child(session: Writing, who: Child, response: Response) -> Erasure:
    """When, and what it waits for; absent if nobody asked."""
    _private(response)
    return await _told(session, who)


@router.delete("/me/children/{child}/erasure", status_code=204, summary="Withdraw a child's erasure")
async def withdraw_for_child(session: Writing, who: Child) -> None:
    """Whoever asked for it."""
    await service.cancel(session, *who)


@router.post(
    "/people/{person}/erasure", status_code=202, response_model=Erasure, summary="Ask to erase a person"
)
async def ask_for_person(request: Request, session: Writing, who: Person, response: Response) -> Erasure:
    """For administrators in charge wherever the person works or has a child in care.

    The person is told by mail. It waits until no roster names the person any more.
    """
    _private(response)
    return await _asked(request, session, who)


@router.get("/people/{person}/erasure", response_model=Erasure, summary="A person's erasure")
async def read_of_person(session: Writing, who: Person, response: Response) -> Erasure:
    """When, and what it waits for; absent if nobody asked."""
    _private(response)
    return await _told(session, who)


@router.delete("/people/{person}/erasure", status_code=204, summary="Withdraw a person's erasure")
async def withdraw_for_person(session: Writing, who: Person) -> None:
    """Whoever asked for it."""
    await service.cancel(session, *who)
