"""Answering an invitation on a page, and agreeing to a guardian on the account page."""

from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import Depends, Request, Response

from libs.common.database import Database, DatabaseOf, Writing
from libs.common.problems import MalformedRequest, NotFound
from services.auth.guardians.texts import relation
from services.auth.invitations import service
from services.auth.invitations.problems import InvitationRefused
from services.auth.invitations.texts import ANSWER, REQUESTS
from services.auth.pages import Fields, Form, Section, page, page_router, see_other
from services.auth.sessions.browser import SignedIn
from services.auth.sessions.service import Session
from services.auth.userinfo.rules import full_name

router: Final = page_router()
_LONGEST_CODE: Final = 100


async def account_section(database: Database, session: Session) -> Section | None:
    """Who would be the person's guardian; None where nobody asks."""
    rows = await service.requests_to(database.pool, session.person)
    if not rows:
        return None
    requests = [
        {
            **row,
            "name": full_name(row["given_name"], row["family_name"], None),
            "relation": relation(row["relation"]),
        }
        for row in rows
    ]
    return Section("account/guardian_requests.html", REQUESTS, {"requests": requests})


@router.get("/invitations")
async def show_form(request: Request, _who: SignedIn) -> Response:
    """The form for a code."""
    return _form(request)


@router.post("/invitations")
async def answer(
    request: Request,
    database: DatabaseOf,
    who: SignedIn,
    form: Annotated[Fields, Depends(Form("invitation"))],
) -> Response:
    """Accepts or refuses, and says what came of it."""
    code, decision = form.get("code", "")[:_LONGEST_CODE], form.get("decision", "")
    if decision not in ("accept", "refuse"):
        raise MalformedRequest
    try:
        async with database.transaction() as session:
            answered = await service.answer(session, who.actor, code, accepts=decision == "accept")
    except InvitationRefused:
        return _form(request, status=422, code=code, error=ANSWER["code_refused"])
    name = full_name(answered.given_name, answered.family_name, None)
    return _form(request, done=ANSWER[answered.state].format(name=name))


@router.post("/account/guardian-requests/{invitation}")
async def agree(
    invitation: UUID,
    session: Writing,
    who: SignedIn,
    form: Annotated[Fields, Depends(Form("guardian-request", bound_to="request"))],
) -> Response:
    """Agrees to a guardian or not, and shows the account again."""
    if form.get("request") != str(invitation):
        raise NotFound
    if form.get("decision") not in ("agree", "decline"):
        raise MalformedRequest
    await service.agree(session, who.actor, invitation, agrees=form["decision"] == "agree")
    return see_other("/account?done=consent")


def _form(request: Request, *, status: int = 200, **values: Any) -> Response:
    blank: dict[str, Any] = {"code": "", "error": None, "done": None}
    return page(request, "invitation.html", ANSWER, status=status, **(blank | values))
