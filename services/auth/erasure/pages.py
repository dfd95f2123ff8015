"""Erasing oneself on pages: a part of the account page, and the page that asks whether one is sure."""

from typing import Annotated, Final

from fastapi import Depends, Request, Response

from libs.common.database import Database, DatabaseOf, Writing
from libs.common.problems import NotFound
from services.auth.erasure import service
from services.auth.erasure.problems import ErasureAskedAlready
from services.auth.erasure.texts import ERASURE
from services.auth.guardians import service as guardians
from services.auth.pages import Fields, Form, Section, page, page_router, see_other
from services.auth.sessions.browser import SignedIn
from services.auth.sessions.service import Session

router: Final = page_router()


async def account_section(database: Database, session: Session) -> Section | None:
    """What is to happen to the record; None for the young, for whom guardians or the school ask."""
    if await guardians.is_young(database.pool, session.person):
        return None
    try:
        due_at = (await service.waiting(database.pool, session.person)).due_at
    except NotFound:
        due_at = None
    return Section("account/erasure.html", ERASURE, {"due_at": due_at})


@router.get("/account/erasure")
async def show_erasure(request: Request, database: DatabaseOf, who: SignedIn) -> Response:
    """What erasing means, and the button."""
    await service.require_own(database.pool, who.actor)
    days = request.app.state.settings.erasure_wait_days
    return page(request, "erasure.html", ERASURE, days=days)


@router.post("/account/erasure")
async def ask(
    request: Request, session: Writing, who: SignedIn, _form: Annotated[Fields, Depends(Form("ask-erasure"))]
) -> Response:
    """Lets the wait begin; one that has begun already goes on."""
    person = await service.require_own(session, who.actor)
    try:
        await service.ask(session, who.actor, person, days=request.app.state.settings.erasure_wait_days)
    except ErasureAskedAlready:
        return see_other("/account")
    return see_other("/account?done=erasure-asked")


@router.post("/account/erasure/withdrawal")
async def withdraw(
    session: Writing, who: SignedIn, _form: Annotated[Fields, Depends(Form("withdraw-erasure"))]
) -> Response:
    """Lets the record stay; where nothing waits, it stays anyway."""
    try:
        await service.cancel(session, who.actor, who.person)
    except NotFound:
        return see_other("/account")
    return see_other("/account?done=erasure-withdrawn")
