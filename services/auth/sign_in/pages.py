"""The pages of signing in and out (design: nothing tells whether an account exists)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Final

from fastapi import Depends, Request, Response

from libs.common.database import DatabaseOf
from libs.common.languages import Text
from libs.common.problems import Problem, TooManyRequests
from services.auth.accounts import service as accounts
from services.auth.authorization.pages import TheServer, server_of
from services.auth.callers import network_of
from services.auth.pages import (
    Fields,
    Form,
    cookie,
    delete_cookie,
    page,
    page_router,
    see_other,
    set_cookie,
)
from services.auth.pages.cookies import browser_of
from services.auth.pages.forms import is_own, read_fields
from services.auth.passwords.problems import HashingBusy
from services.auth.second_factors.service import is_enrolled
from services.auth.sessions import service as sessions
from services.auth.sessions.browser import COOKIE as SESSION
from services.auth.sessions.browser import BrowserSession, current
from services.auth.sign_in.errands import Errand, errand_of
from services.auth.sign_in.problems import SignInRefused
from services.auth.sign_in.service import Opened, SignIn, Visitor
from services.auth.sign_in.texts import SECOND_FACTOR, SIGN_IN, waiting
from services.auth.throttling.devices import COOKIE as DEVICE
from services.auth.throttling.devices import KNOWN_DAYS

router: Final = page_router()
_LONGEST_NAME: Final = 200
_LONGEST_PASSWORD: Final = 4096


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why the form is shown again."""

    status: int
    title: Text
    text: Text
    headers: Mapping[str, str]


async def _visitor(request: Request) -> Visitor:
    agent, device = request.headers.get("user-agent"), cookie(request, DEVICE)
    session = await current(request)
    return Visitor(network_of(request), agent, browser_of(request).digest, device, session)


async def _service(request: Request) -> SignIn:
    service: SignIn = request.app.state.sign_in
    return service


TheVisitor = Annotated[Visitor, Depends(_visitor)]
TheSignIn = Annotated[SignIn, Depends(_service)]


@router.get("/sign-in")
async def show_sign_in(
    request: Request, database: DatabaseOf, server: TheServer, visitor: TheVisitor
) -> Response:
    """The form; whoever is signed in already and need not prove it again goes on."""
    errand = await errand_of(server, request.query_params, visitor.browser)
    if visitor.session is not None and errand.request is None and not errand.again:
        return see_other(errand.after)
    known = None
    if visitor.session is not None and errand.again:
        known = await accounts.username_of(database.pool, visitor.session.person)
    return _form(request, errand, username=known or errand.hint)


@router.post("/sign-in")
async def sign_in(request: Request) -> Response:
    """303 to what comes next, or the form again: the same one, whatever was wrong.

    A whole school signs in at the same minute: dependencies would cost more than what they give.
    """
    visitor, service = await _visitor(request), await _service(request)
    fields = await read_fields(request)
    errand = await errand_of(server_of(request), fields, visitor.browser)
    username = fields.get("username", "")[:_LONGEST_NAME]
    if not is_own(request, fields, "sign-in", fields.get("request", "")):
        trouble = Trouble(403, SIGN_IN["stale"], SIGN_IN["stale_hint"], {})
        return _form(request, errand, username="", trouble=trouble)
    password = fields.get("password", "")[: _LONGEST_PASSWORD + 1]
    try:
        opened = await service.begin(username, password, visitor)
    except (SignInRefused, TooManyRequests, HashingBusy) as problem:
        return _form(request, errand, username=username, trouble=_trouble(problem, SIGN_IN))
    if opened is None:
        return see_other(errand.address("/sign-in/second-factor"))
    return _go_on(request, opened, errand)


@router.get("/sign-in/second-factor")
async def show_second_factor(
    request: Request, database: DatabaseOf, server: TheServer, visitor: TheVisitor, service: TheSignIn
) -> Response:
    """The form for the code, of a sign-in that waits for it or of whoever is signed in by password only."""
    errand = await errand_of(server, request.query_params, visitor.browser)
    username = await _whose(database, visitor, service)
    if username is None:
        return see_other(errand.address("/sign-in"))
    return _code_form(request, errand, username)


@router.post("/sign-in/second-factor")
async def show_code(
    request: Request,
    database: DatabaseOf,
    server: TheServer,
    visitor: TheVisitor,
    service: TheSignIn,
    form: Annotated[Fields, Depends(Form("second-factor", bound_to="request"))],
) -> Response:
    """303 to what comes next, or the form again."""
    errand = await errand_of(server, form, visitor.browser)
    username = await _whose(database, visitor, service)
    if username is None:
        return see_other(errand.address("/sign-in"))
    factors = request.app.state.second_factors
    try:
        opened = await service.with_second_factor(
            factors, form.get("code", "")[:100], visitor, datetime.now(UTC)
        )
    except TooManyRequests as problem:
        return _code_form(request, errand, username, _trouble(problem, SECOND_FACTOR))
    except SignInRefused:
        return see_other(errand.address("/sign-in"))
    if opened is None:
        trouble = Trouble(422, SECOND_FACTOR["refused"], SECOND_FACTOR["refused_hint"], {})
        return _code_form(request, errand, username, trouble)
    return _go_on(request, opened, errand)


@router.post("/sign-in/another")
async def sign_in_as_another(
    server: TheServer,
    visitor: TheVisitor,
    service: TheSignIn,
    form: Annotated[Fields, Depends(Form("another", bound_to="request"))],
) -> Response:
    """Forget the sign-in that waits for its code."""
    errand = await errand_of(server, form, visitor.browser)
    await service.give_up(visitor.browser)
    return see_other(errand.address("/sign-in"))


@router.post("/sign-out")
async def sign_out(
    request: Request,
    database: DatabaseOf,
    session: BrowserSession,
    _form: Annotated[Fields, Depends(Form("sign-out"))],
) -> Response:
    """Ends the session and every token that it gave."""
    if session is not None:
        async with database.transaction() as transaction:
            await sessions.end_if_alive(transaction, session.actor, session.id)
    delete_cookie(request, SESSION)
    return see_other("/signed-out")


async def _whose(database: DatabaseOf, visitor: Visitor, service: SignIn) -> str | None:
    """The user name for which the code is asked; None where nobody is to show one."""
    half_done = await service.half_done(visitor.browser)
    if half_done is not None:
        return half_done.username
    if visitor.session is None or not await is_enrolled(database.pool, visitor.session.person):
        return None
    return await accounts.username_of(database.pool, visitor.session.person)


def keep(request: Request, opened: Opened) -> None:
    """Let the browser keep a session just opened, and that it is known from now on."""
    set_cookie(request, SESSION, opened.secret)
    if opened.device_cookie is not None:
        set_cookie(request, DEVICE, opened.device_cookie, days=KNOWN_DAYS)


def _go_on(request: Request, opened: Opened, errand: Errand) -> Response:
    keep(request, opened)
    return see_other(errand.after)


def _trouble(problem: Problem, texts: Mapping[str, Text]) -> Trouble:
    headers = problem.response_headers()
    if isinstance(problem, TooManyRequests):
        text = waiting(texts["wait_hint"], int(problem.extensions["retry_after"]))
        return Trouble(429, texts["wait"], text, headers)
    if isinstance(problem, HashingBusy):
        return Trouble(503, texts["busy"], texts["busy_hint"], headers)
    return Trouble(422, texts["refused"], texts["refused_hint"], {})


def _form(request: Request, errand: Errand, *, username: str, trouble: Trouble | None = None) -> Response:
    return _shown(request, "sign_in.html", SIGN_IN, errand, trouble, username=username)


def _code_form(request: Request, errand: Errand, username: str, trouble: Trouble | None = None) -> Response:
    return _shown(request, "second_factor.html", SECOND_FACTOR, errand, trouble, username=username)


def _shown(
    request: Request,
    template: str,
    texts: Mapping[str, Text],
    errand: Errand,
    trouble: Trouble | None,
    **values: Any,
) -> Response:
    return page(
        request,
        template,
        texts,
        status=trouble.status if trouble else 200,
        headers=trouble.headers if trouble else {},
        trouble_title=trouble.title if trouble else None,
        trouble=trouble.text if trouble else None,
        here=errand.address(request.url.path),
        **errand.values(),
        **values,
    )
