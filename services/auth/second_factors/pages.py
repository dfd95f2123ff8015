"""The pages of one's own second factor. All need a sign-in of the last five minutes (attack 52)."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import Depends, Request, Response

from libs.common.database import DatabaseOf
from libs.common.problems import TooManyRequests
from services.auth.callers import Network
from services.auth.pages import Fields, Form, page, page_router, see_other
from services.auth.second_factors import service
from services.auth.second_factors.dependencies import SecondFactorsOf
from services.auth.second_factors.problems import (
    PasswordTooShortAlone,
    SecondFactorAbsent,
    SecondFactorCodeRefused,
    SecondFactorPresent,
)
from services.auth.second_factors.rules import FEW_CODES, in_groups
from services.auth.second_factors.texts import TEXTS
from services.auth.sessions.browser import FreshlySignedIn

router: Final = page_router()
HOME: Final = "/account/second-factor"
SET_UP: Final = f"{HOME}/set-up"
_LONGEST_CODE: Final = 64


@dataclass(frozen=True, slots=True)
class Shown:
    """The person's second factor as the page shows it."""

    since: datetime | None
    codes_left: int

    @property
    def few_codes(self) -> bool:
        """Whether it is time for new ones."""
        return self.since is not None and self.codes_left < FEW_CODES


async def _shown(pool: Any, person: UUID) -> Shown:
    """The value `second_factor` of the page."""
    return Shown(*await service.state_of(pool, person))


@router.get(HOME)
async def show(request: Request, database: DatabaseOf, who: FreshlySignedIn) -> Response:
    """Whether there is one, and what can be done."""
    return await _home(request, database, who.person)


@router.post(SET_UP)
async def begin(
    second_factors: SecondFactorsOf,
    who: FreshlySignedIn,
    _form: Annotated[Fields, Depends(Form("second-factor-begin"))],
) -> Response:
    """Makes a secret, and shows it."""
    try:
        await second_factors.begin(who.actor)
    except SecondFactorPresent:
        return see_other(HOME)
    return see_other(SET_UP)


@router.get(SET_UP)
async def show_set_up(request: Request, second_factors: SecondFactorsOf, who: FreshlySignedIn) -> Response:
    """The picture and the key of the secret that was begun."""
    return await _set_up(request, second_factors, who)


@router.post(f"{HOME}/confirmation")
async def confirm(
    request: Request,
    second_factors: SecondFactorsOf,
    who: FreshlySignedIn,
    form: Annotated[Fields, Depends(Form("second-factor-confirm"))],
) -> Response:
    """The recovery codes, on the answer itself: they are shown once and stored nowhere."""
    try:
        codes = await second_factors.confirm(who.actor, _code(form), datetime.now(UTC))
    except SecondFactorCodeRefused:
        return await _set_up(request, second_factors, who, error="refused")
    except (SecondFactorAbsent, SecondFactorPresent):
        return see_other(HOME)
    return page(request, "second_factor_codes.html", TEXTS, codes=codes, done=TEXTS["on"])


@router.post(f"{HOME}/recovery-codes")
async def renew_codes(
    request: Request,
    database: DatabaseOf,
    second_factors: SecondFactorsOf,
    who: FreshlySignedIn,
    network: Network,
    form: Annotated[Fields, Depends(Form("second-factor-renew"))],
) -> Response:
    """New recovery codes, shown on the answer itself."""
    try:
        codes = await second_factors.renew_codes(who.actor, _code(form), datetime.now(UTC), network=network)
    except (SecondFactorCodeRefused, TooManyRequests) as problem:
        return await _home(request, database, who.person, renewing=problem)
    except SecondFactorAbsent:
        return see_other(HOME)
    return page(request, "second_factor_codes.html", TEXTS, codes=codes, done=TEXTS["renewed"])


@router.post(f"{HOME}/removal")
async def remove(
    request: Request,
    database: DatabaseOf,
    second_factors: SecondFactorsOf,
    who: FreshlySignedIn,
    network: Network,
    form: Annotated[Fields, Depends(Form("second-factor-remove"))],
) -> Response:
    """Removes it, and shows that there is none."""
    try:
        await second_factors.remove(who.actor, _code(form), datetime.now(UTC), network=network)
    except (SecondFactorCodeRefused, PasswordTooShortAlone, TooManyRequests) as problem:
        return await _home(request, database, who.person, removing=problem)
    except SecondFactorAbsent:
        pass
    return see_other(HOME)


async def _home(
    request: Request,
    database: DatabaseOf,
    person: UUID,
    *,
    renewing: Exception | None = None,
    removing: Exception | None = None,
) -> Response:
    problem = renewing or removing
    return page(
        request,
        "second_factor_home.html",
        TEXTS,
        status=_status(problem),
        second_factor=await _shown(database.pool, person),
        renew_error=_said(renewing),
        remove_error=_said(removing),
        too_short=isinstance(removing, PasswordTooShortAlone),
    )


async def _set_up(
    request: Request, second_factors: SecondFactorsOf, who: FreshlySignedIn, *, error: str | None = None
) -> Response:
    enrolment = await second_factors.pending(who.actor)
    if enrolment is None:
        return see_other(HOME)
    return page(
        request,
        "second_factor_set_up.html",
        TEXTS,
        status=422 if error else 200,
        picture=_picture(enrolment.address),
        secret=in_groups(enrolment.secret).replace("-", " "),
        error=TEXTS[error] if error else None,
    )


def _picture(address: str) -> str:
    """The address as a code that a telephone reads."""
    import segno  # here: few enrol, and services that nobody enrols at need not load it

    picture: str = segno.make(address, error="m", micro=False).svg_data_uri(border=2)
    return picture


def _code(form: Fields) -> str:
    return form.get("code", "")[:_LONGEST_CODE]


def _status(problem: Exception | None) -> int:
    if problem is None:
        return 200
    return 429 if isinstance(problem, TooManyRequests) else 422


def _said(problem: Exception | None) -> object:
    if problem is None:
        return None
    if isinstance(problem, TooManyRequests):
        return TEXTS["wait"]
    return TEXTS["too_short" if isinstance(problem, PasswordTooShortAlone) else "refused"]
