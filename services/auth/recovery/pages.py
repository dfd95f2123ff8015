"""The pages of recovery: nothing on them tells whether an account exists."""

from typing import Annotated, Final

from fastapi import Depends, Request, Response

from libs.common.languages import Text
from libs.common.problems import TooManyRequests
from services.auth.callers import Network
from services.auth.pages import Fields, Form, page, page_router, see_other
from services.auth.pages.languages import language_of
from services.auth.passwords.problems import HashingBusy, PasswordRefused
from services.auth.recovery.dependencies import RecoveryOf
from services.auth.recovery.problems import RecoveryRefused
from services.auth.recovery.texts import TEXTS

router: Final = page_router()
_LONGEST_NAME: Final = 256
_LONGEST_LINK: Final = 100
_LONGEST_PASSWORD: Final = 4096


@router.get("/recover")
async def show(request: Request) -> Response:
    """The form for the user name."""
    return page(request, "recover.html", TEXTS, trouble=None)


@router.post("/recover")
async def ask(
    request: Request,
    recovery: RecoveryOf,
    network: Network,
    form: Annotated[Fields, Depends(Form("recover"))],
) -> Response:
    """303 to the same page for everybody."""
    username = form.get("username", "")[:_LONGEST_NAME]
    try:
        await recovery.want_link(username, language_of(request), network=network)
    except TooManyRequests as problem:
        headers = problem.response_headers()
        return page(request, "recover.html", TEXTS, status=429, headers=headers, trouble=TEXTS["wait"])
    return see_other("/recover/sent")


@router.get("/recover/sent")
async def show_sent(request: Request) -> Response:
    """What to do now, whoever asked."""
    return page(request, "recover_sent.html", TEXTS)


@router.get("/recover/choose")
async def show_choice(request: Request, recovery: RecoveryOf) -> Response:
    """The form for the new password. Loading it uses nothing up: mail scanners load it too."""
    link = (request.query_params.get("link") or "")[: _LONGEST_LINK + 1]
    if not await recovery.is_good(link):
        return _refused(request)
    return _choice(request, link)


@router.post("/recover/choose")
async def choose(
    request: Request,
    recovery: RecoveryOf,
    network: Network,
    form: Annotated[Fields, Depends(Form("recover-choose", bound_to="link"))],
) -> Response:
    """303 to sign-in: a link opens no session, so that a second factor is still asked for."""
    link = form.get("link", "")[: _LONGEST_LINK + 1]
    password = form.get("password", "")[: _LONGEST_PASSWORD + 1]
    try:
        await recovery.choose_password(link, password, language_of(request), network=network)
    except RecoveryRefused:
        return _refused(request)
    except PasswordRefused as refused:
        return _choice(request, link, error=refused.explanation(), status=422)
    except (TooManyRequests, HashingBusy) as problem:
        said = TEXTS["wait" if isinstance(problem, TooManyRequests) else "busy"]
        return _choice(request, link, error=said, status=problem.status)
    return see_other("/recover/done")


@router.get("/recover/done")
async def show_done(request: Request) -> Response:
    """What was done."""
    return page(request, "recover_done.html", TEXTS)


def _choice(request: Request, link: str, *, error: Text | None = None, status: int = 200) -> Response:
    return page(request, "recover_choose.html", TEXTS, status=status, link=link, error=error)


def _refused(request: Request) -> Response:
    return page(request, "recover_refused.html", TEXTS, status=422)
