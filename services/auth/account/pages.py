"""The account page: everything about oneself in one place, and the sessions' buttons."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import Depends, Request, Response

from libs.common.database import Database, DatabaseOf
from libs.common.languages import Text
from services.auth.account.rules import device_name
from services.auth.account.texts import ACCOUNT, DONE, ROLES
from services.auth.applications.pages import account_section as applications
from services.auth.erasure.pages import account_section as erasure
from services.auth.guardians.pages import account_section as children
from services.auth.invitations.pages import account_section as guardian_requests
from services.auth.pages import Fields, Form, Section, page, page_router, see_other
from services.auth.people import service as people
from services.auth.second_factors import service as second_factors
from services.auth.sessions import service as sessions
from services.auth.sessions.browser import SignedIn
from services.auth.sessions.service import Session
from services.auth.userinfo.rules import full_name

router: Final = page_router()

#: sections that other slices add: the section, or None where there is nothing to show to this person
SECTIONS: Final[Sequence[Callable[[Database, Session], Awaitable[Section | None]]]] = (
    children,
    guardian_requests,
    applications,
    erasure,
)


@router.get("/")
async def show_start() -> Response:
    """There is no other start page."""
    return see_other("/account")


@router.get("/account")
async def show_account(request: Request, database: DatabaseOf, session: SignedIn) -> Response:
    """Facts, roles, how one signs in, where one is signed in, and what other slices add."""
    pool = database.pool
    person = await people.oneself(pool, session.person, session.id)
    others = await sessions.live(pool, session)
    found = [await section(database, session) for section in SECTIONS]
    return page(
        request,
        "account.html",
        ACCOUNT,
        person=person,
        name=_name(person),
        full_name=full_name(person["given_name"], person["family_name"], person["middle_name"]),
        roles=[{**role, "name": _role(role["role"])} for role in person["roles"]],
        has_second_factor=await second_factors.is_enrolled(pool, session.person),
        sessions=[_shown(one) for one in others],
        sections=[section for section in found if section is not None],
        done=DONE.get(request.query_params.get("done", "")),
    )


@router.post("/account/sessions/end")
async def end_session(
    database: DatabaseOf,
    session: SignedIn,
    form: Annotated[Fields, Depends(Form("end-session", bound_to="session"))],
) -> Response:
    """Ends one of one's sessions; one that is over already is just as well."""
    async with database.transaction() as transaction:
        await sessions.end_if_alive(transaction, session.actor, UUID(form["session"]))
    return see_other("/account?done=session-ended")


@router.post("/account/sessions/end-others")
async def end_other_sessions(
    database: DatabaseOf, session: SignedIn, _form: Annotated[Fields, Depends(Form("end-others"))]
) -> Response:
    """Ends every session but this one."""
    async with database.transaction() as transaction:
        await sessions.end_others(transaction, session)
    return see_other("/account?done=others-ended")


@router.post("/account/active-role")
async def choose_role(
    database: DatabaseOf,
    session: SignedIn,
    form: Annotated[Fields, Depends(Form("active-role", bound_to="role"))],
) -> Response:
    """Acts in another of one's roles from now on."""
    async with database.transaction() as transaction:
        await people.choose_role(transaction, session.actor, UUID(form["role"]))
    return see_other("/account?done=role")


def _name(person: dict[str, Any]) -> str:
    chosen: str | None = person["preferred_name"]
    return chosen or full_name(person["given_name"], person["family_name"], None)


def _role(role: str) -> Text:
    return ROLES.get(role, Text(role, role))


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "device": device_name(row["device"])}
