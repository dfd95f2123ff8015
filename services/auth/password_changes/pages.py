"""The page on which people change their password."""

from typing import Annotated, Final

from fastapi import Depends, Request, Response

from libs.common.database import DatabaseOf
from libs.common.languages import Text
from libs.common.problems import TooManyRequests
from services.auth.callers import Network
from services.auth.pages import Fields, Form, page, page_router, see_other
from services.auth.pages.languages import language_of
from services.auth.password_changes.problems import CurrentPasswordWrong, PasswordUnchanged
from services.auth.password_changes.service import PasswordChanges
from services.auth.password_changes.texts import TEXTS
from services.auth.passwords.problems import HashingBusy, PasswordRefused
from services.auth.passwords.rules import minimum
from services.auth.second_factors import service as second_factors
from services.auth.sessions.browser import SignedIn

router: Final = page_router()
_LONGEST: Final = 4096


@router.get("/account/password")
async def show(request: Request, database: DatabaseOf, who: SignedIn) -> Response:
    """The form."""
    return await _form(request, database, who)


@router.post("/account/password")
async def change(
    request: Request,
    database: DatabaseOf,
    who: SignedIn,
    network: Network,
    form: Annotated[Fields, Depends(Form("password"))],
) -> Response:
    """303 to what was done, or the form again with what is wrong."""
    changes: PasswordChanges = request.app.state.password_changes
    current, new = (form.get(name, "")[: _LONGEST + 1] for name in ("current", "new"))
    try:
        await changes.change(who.actor, current, new, network=network, language=language_of(request))
    except CurrentPasswordWrong:
        return await _form(request, database, who, current_error=TEXTS["current_wrong"])
    except PasswordUnchanged:
        return await _form(request, database, who, new_error=TEXTS["unchanged"])
    except PasswordRefused as refused:
        return await _form(request, database, who, new_error=refused.explanation())
    except (TooManyRequests, HashingBusy) as problem:
        waits = isinstance(problem, TooManyRequests)
        return await _form(
            request, database, who, trouble=TEXTS["wait" if waits else "busy"], status=problem.status
        )
    return see_other("/account/password/changed")


@router.get("/account/password/changed")
async def show_changed(request: Request, _who: SignedIn) -> Response:
    """What was done."""
    return page(request, "password_changed.html", TEXTS)


async def _form(
    request: Request,
    database: DatabaseOf,
    who: SignedIn,
    *,
    current_error: Text | None = None,
    new_error: Text | None = None,
    trouble: Text | None = None,
    status: int = 200,
) -> Response:
    enrolled = await second_factors.is_enrolled(database.pool, who.person)
    return page(
        request,
        "password.html",
        TEXTS,
        status=422 if current_error or new_error else status,
        minimum=minimum(second_factor=enrolled),
        current_error=current_error,
        new_error=new_error,
        trouble=trouble,
    )
