"""The end-session endpoint (OpenID Connect RP-Initiated Logout 1.0) and its pages."""

from datetime import UTC, datetime
from typing import Annotated, Final
from urllib.parse import urlencode

from fastapi import Depends, Request, Response

from libs.common.database import DatabaseOf
from libs.common.problems import PayloadTooLarge, UnsupportedMediaType
from services.auth.authorization.rules import NotAnswerable, Parameters, read_parameters
from services.auth.logout import service
from services.auth.logout.service import Asked, LogoutRefused
from services.auth.logout.texts import CONFIRM, REFUSALS, SIGNED_OUT
from services.auth.pages import Fields, Form, PageRefusal, delete_cookie, page, page_router, see_other
from services.auth.sessions.browser import BrowserSession

router: Final = page_router()
_ENDPOINT: Final = "/oauth/logout"
_FORM: Final = "application/x-www-form-urlencoded"
_LARGEST_FORM: Final = 16 * 1024


@router.get(_ENDPOINT)
async def sign_out(request: Request, database: DatabaseOf, session: BrowserSession) -> Response:
    """Signs out at once whom the client proves to be its own, by an ID token of this session; asks others."""
    asked = await _judged(request, _read(request.scope["query_string"]))
    if session is None:
        return _gone(request, asked)
    if asked.proves(session):
        await service.end(database, session)
        return _gone(request, asked)
    fields = {
        "client_id": asked.client.client_id if asked.client is not None else None,
        "post_logout_redirect_uri": asked.redirect_uri,
        "state": asked.state,
    }
    return page(
        request,
        "logout.html",
        CONFIRM,
        form_targets=(asked.redirect_uri,) if asked.redirect_uri is not None else (),
        client=asked.client.name if asked.client is not None else None,
        fields={name: value for name, value in fields.items() if value is not None},
    )


@router.post(_ENDPOINT)
async def sign_out_by_form(request: Request) -> Response:
    """The same by form: other sites' posts come without our cookies, so the browser asks again with GET."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
        raise UnsupportedMediaType
    body = await request.body()
    if len(body) > _LARGEST_FORM:
        raise PayloadTooLarge(limit=_LARGEST_FORM)
    return see_other(f"{_ENDPOINT}?{urlencode(_read(request.scope['query_string'], body).pairs)}")


@router.post("/oauth/logout/confirmation")
async def confirm(
    request: Request,
    database: DatabaseOf,
    session: BrowserSession,
    form: Annotated[Fields, Depends(Form("logout"))],
) -> Response:
    """The person wants it; where to go then is judged again."""
    asked = await _judged(request, _read(urlencode({**form}).encode()))
    if session is not None:
        await service.end(database, session)
    return _gone(request, asked)


@router.get("/signed-out")
async def show_signed_out(request: Request) -> Response:
    """Where signing out ends when the client named no address of its own."""
    return page(request, "signed_out.html", SIGNED_OUT)


def _gone(request: Request, asked: Asked) -> Response:
    delete_cookie(request, "session")
    return see_other(asked.destination)


def _read(*parts: bytes) -> Parameters:
    try:
        return read_parameters(*parts)
    except NotAnswerable:
        raise PageRefusal(400, *REFUSALS["unreadable"]) from None


async def _judged(request: Request, parameters: Parameters) -> Asked:
    state = request.app.state
    try:
        return await service.read(
            state.clients,
            state.keys.table,
            parameters,
            issuer=state.settings.issuer,
            now=datetime.now(UTC),
        )
    except LogoutRefused as refused:
        raise PageRefusal(400, *REFUSALS[refused.problem]) from None
