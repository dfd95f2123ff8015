"""The authorization endpoint (RFC 6749, section 3.1) and the pages on which a person decides."""

from collections.abc import Awaitable, Mapping
from datetime import UTC, datetime
from typing import Annotated, Final
from urllib.parse import urlencode, urlsplit
from uuid import UUID

from fastapi import Depends, Request, Response

from libs.common.problems import PayloadTooLarge, UnsupportedMediaType
from services.auth.authorization import service
from services.auth.authorization.rules import NotAnswerable, read_parameters
from services.auth.authorization.service import Counts, Server
from services.auth.authorization.texts import CONSENT, REFUSALS, SCOPES, SELECT
from services.auth.callers import network_of
from services.auth.pages import Browser, Fields, Form, PageRefusal, page, page_router, see_other
from services.auth.sessions.browser import BrowserSession
from services.auth.userinfo.rules import full_name

router: Final = page_router()
_ENDPOINT: Final = "/oauth/authorize"
_RESUME: Final = f"{_ENDPOINT}/resume"
_FORM: Final = "application/x-www-form-urlencoded"
_LARGEST_FORM: Final = 16 * 1024


def server_of(request: Request) -> Server:
    """What serves the asking browser."""
    state = request.app.state
    counts = Counts(state.redis, prefix=state.settings.redis_prefix, network=network_of(request))
    return Server(state.database, state.clients, state.keys.table, state.settings.issuer, counts)


async def _server(request: Request) -> Server:
    return server_of(request)


TheServer = Annotated[Server, Depends(_server)]


@router.get(_ENDPOINT)
async def authorize(
    request: Request, server: TheServer, session: BrowserSession, browser: Browser
) -> Response:
    """To the client with a code or an error, or to the page on which the person is to act first."""
    try:
        parameters = read_parameters(request.scope["query_string"])
        location = await service.begin(server, parameters, session, browser.digest, _now())
    except NotAnswerable as refused:
        raise _page_of(refused) from None
    return see_other(location)


@router.post(_ENDPOINT)
async def authorize_by_form(request: Request) -> Response:
    """The same by form (OpenID Connect Core, 3.1.2.1).

    Other sites' posts come without our cookies, so the browser is sent to ask again with GET.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
        raise UnsupportedMediaType
    body = await request.body()
    if len(body) > _LARGEST_FORM:
        raise PayloadTooLarge(limit=_LARGEST_FORM)
    try:
        parameters = read_parameters(request.scope["query_string"], body)
    except NotAnswerable as refused:
        raise _page_of(refused) from None
    return see_other(f"{_ENDPOINT}?{urlencode(parameters.pairs)}")


@router.get(_RESUME)
async def resume(request: Request, server: TheServer, session: BrowserSession, browser: Browser) -> Response:
    """Where a request goes on after its person has signed in."""
    return await _then(service.resume(server, _id(request.query_params), session, browser.digest, _now()))


@router.get("/consent")
async def show_consent(
    request: Request, server: TheServer, session: BrowserSession, browser: Browser
) -> Response:
    """What an application asks of the person; whoever is not that far is sent where they are."""
    waiting_id = _id(request.query_params)
    try:
        found = await service.consent_asked(server, waiting_id, session, browser.digest, _now())
    except NotAnswerable as refused:
        raise _page_of(refused) from None
    if found is None:
        return see_other(_resume_address(waiting_id))
    waiting, parties = found
    return page(
        request,
        "consent.html",
        CONSENT,
        form_targets=(waiting.asked.redirect_uri,),
        client=waiting.client.name,
        organisation=parties["organisation"],
        name=_name(parties),
        scopes=[SCOPES[scope] for scope in SCOPES if scope in waiting.asked.disclosed],
        address=_host(waiting.asked.redirect_uri),
        request_id=waiting.id,
        sign_in=f"/sign-in?{urlencode({'request': str(waiting.id)})}",
    )


@router.post("/consent")
async def decide(
    server: TheServer,
    session: BrowserSession,
    browser: Browser,
    form: Annotated[Fields, Depends(Form("consent", bound_to="request"))],
) -> Response:
    """Only an explicit `allow` allows; the form's token is good for the request that was shown, no other."""
    allow = form.get("decision") == "allow"
    return await _then(service.decide(server, _id(form), session, browser.digest, _now(), allow=allow))


@router.get("/select-account")
async def show_accounts(
    request: Request, server: TheServer, session: BrowserSession, browser: Browser
) -> Response:
    """Whether the person goes on with the account that is signed in."""
    waiting_id = _id(request.query_params)
    waiting = await service.pending(server, waiting_id, browser.digest)
    if waiting is None:
        raise _page_of(NotAnswerable("over"))
    parties = await service.parties(server, waiting, session) if session is not None else None
    if parties is None:
        return see_other(_resume_address(waiting_id))
    return page(
        request,
        "select_account.html",
        SELECT,
        form_targets=(waiting.asked.redirect_uri,),
        client=waiting.client.name,
        name=_name(parties),
        request_id=waiting.id,
        sign_in=f"/sign-in?{urlencode({'request': str(waiting.id)})}",
    )


@router.post("/select-account")
async def select_account(
    server: TheServer,
    session: BrowserSession,
    browser: Browser,
    form: Annotated[Fields, Depends(Form("select-account", bound_to="request"))],
) -> Response:
    """Go on with it."""
    return await _then(service.select(server, _id(form), session, browser.digest, _now()))


async def _then(location: Awaitable[str]) -> Response:
    try:
        return see_other(await location)
    except NotAnswerable as refused:
        raise _page_of(refused) from None


def _page_of(refused: NotAnswerable) -> PageRefusal:
    return PageRefusal(400, *REFUSALS[refused.problem])


def _id(fields: Mapping[str, str]) -> UUID:
    try:
        return UUID(fields.get("request", ""))
    except ValueError:
        raise _page_of(NotAnswerable("over")) from None


def _resume_address(waiting: UUID) -> str:
    return f"{_RESUME}?{urlencode({'request': str(waiting)})}"


def _name(parties: Mapping[str, str | None]) -> str:
    chosen = parties["preferred_name"]
    return chosen or full_name(parties["given_name"] or "", parties["family_name"] or "", None)


def _host(address: str) -> str:
    """The part of a redirect address that tells people where they will be."""
    parts = urlsplit(address)
    return parts.netloc if parts.scheme in ("http", "https") else f"{parts.scheme}:"


def _now() -> datetime:
    return datetime.now(UTC)
