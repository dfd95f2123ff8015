"""The page on which a person sets the first password, with the code of the school."""

from collections.abc import Mapping
from typing import Annotated, Final

from fastapi import Depends, Request, Response

from libs.common.database import DatabaseOf
from libs.common.languages import Text
from libs.common.problems import TooManyRequests
from services.auth.accounts import service
from services.auth.accounts.problems import CodeRefused
from services.auth.accounts.rules import canonical
from services.auth.accounts.texts import ACTIVATE
from services.auth.pages import Fields, Form, page, page_router, see_other
from services.auth.passwords.problems import HashingBusy, PasswordRefused
from services.auth.sign_in.pages import TheSignIn, TheVisitor, keep
from services.auth.throttling.service import Throttle

router: Final = page_router()
_LONGEST_CODE: Final = 100
_LONGEST_PASSWORD: Final = 4096


@router.get("/activate")
async def show_activation(request: Request) -> Response:
    """The form."""
    return _form(request)


@router.post("/activate")
async def activate(
    request: Request,
    database: DatabaseOf,
    visitor: TheVisitor,
    sign_in: TheSignIn,
    form: Annotated[Fields, Depends(Form("activate"))],
) -> Response:
    """Sets the password and signs the person in; wrong codes are counted per network."""
    code, password = form.get("code", "")[:_LONGEST_CODE], form.get("password", "")[: _LONGEST_PASSWORD + 1]
    if password != form.get("repeat", "")[: _LONGEST_PASSWORD + 1]:
        return _form(request, 422, code=code, repeat_error=ACTIVATE["different"])
    throttle: Throttle = request.app.state.throttle
    try:
        await throttle.begin(network=visitor.network)
    except TooManyRequests as problem:
        return _form(request, 429, problem.response_headers(), code=code, trouble="wait")
    try:
        _, username = await service.activate(database, request.app.state.passwords, code, password)
    except CodeRefused:
        return _form(request, 422, code=code, code_error=ACTIVATE["code_refused"])
    except BaseException as error:
        await throttle.undo(network=visitor.network)
        if isinstance(error, PasswordRefused):
            return _form(request, 422, code=code, password_error=error.explanation())
        if isinstance(error, HashingBusy):
            return _form(request, 503, error.response_headers(), code=code, trouble="busy")
        raise
    await throttle.undo(network=visitor.network)
    await throttle.forgive(canonical(username) or username)
    opened = await sign_in.begin(username, password, visitor)
    if opened is None:
        return see_other("/sign-in/second-factor")
    keep(request, opened)
    return see_other("/account?done=activated")


def _form(
    request: Request,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    *,
    code: str = "",
    trouble: str | None = None,
    code_error: Text | None = None,
    password_error: Text | None = None,
    repeat_error: Text | None = None,
) -> Response:
    return page(
        request,
        "activate.html",
        ACTIVATE,
        status=status,
        headers=headers,
        code=code,
        trouble=ACTIVATE[f"{trouble}_hint"] if trouble else None,
        trouble_title=ACTIVATE[trouble] if trouble else None,
        code_error=code_error,
        password_error=password_error,
        repeat_error=repeat_error,
    )
