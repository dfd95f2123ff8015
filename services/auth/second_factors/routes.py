"""One's own second factor over HTTP; giving its code is part of signing in (`sign_in`)."""

from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from fastapi import APIRouter, Response

from libs.common.database import DatabaseOf, Writing
from services.auth.answers import answer
from services.auth.callers import AccountHolder, AccountHolderInPerson, Manager, Network
from services.auth.second_factors import repository, service
from services.auth.second_factors.dependencies import SecondFactorsOf
from services.auth.second_factors.schemas import (
    EnrolmentAnswer,
    RecoveryCodes,
    SecondFactorCode,
    SecondFactorState,
)

router: Final = APIRouter(prefix="/v1", tags=["second factors"])


@router.get("/me/second-factor", response_model=SecondFactorState, summary="Whether there is a second factor")
async def read_second_factor(database: DatabaseOf, actor: AccountHolder) -> Response:
    """Of the caller."""
    assert actor.id is not None
    return answer(await repository.state(database.pool, actor.id))


@router.post(
    "/me/second-factor", status_code=201, response_model=EnrolmentAnswer, summary="Begin a second factor"
)
async def begin_second_factor(
    second_factors: SecondFactorsOf, actor: AccountHolderInPerson, response: Response
) -> EnrolmentAnswer:
    """Needs a sign-in of the last five minutes. Counts for nothing until it is confirmed with a code."""
    begun = await second_factors.begin(actor)
    response.headers["Cache-Control"] = "no-store"
    return EnrolmentAnswer(secret=begun.secret, uri=begun.address)


@router.post(
    "/me/second-factor/confirmation", response_model=RecoveryCodes, summary="Let the second factor count"
)
async def confirm_second_factor(
    body: SecondFactorCode, second_factors: SecondFactorsOf, actor: AccountHolderInPerson, response: Response
) -> RecoveryCodes:
    """With the app's code, in the session that began it, within ten minutes. Other sessions end."""
    codes = await second_factors.confirm(actor, body.code, datetime.now(UTC))
    response.headers["Cache-Control"] = "no-store"
    return RecoveryCodes(recovery_codes=codes)


@router.post(
    "/me/second-factor/recovery-codes", response_model=RecoveryCodes, summary="Make new recovery codes"
)
async def renew_recovery_codes(
    body: SecondFactorCode,
    second_factors: SecondFactorsOf,
    actor: AccountHolderInPerson,
    network: Network,
    response: Response,
) -> RecoveryCodes:
    """Needs a fresh sign-in and a code; earlier recovery codes no longer work."""
    codes = await second_factors.renew_codes(actor, body.code, datetime.now(UTC), network=network)
    response.headers["Cache-Control"] = "no-store"
    return RecoveryCodes(recovery_codes=codes)


@router.post("/me/second-factor/removal", status_code=204, summary="Remove the second factor")
async def remove_second_factor(
    body: SecondFactorCode, second_factors: SecondFactorsOf, actor: AccountHolderInPerson, network: Network
) -> None:
    """Needs a fresh sign-in, a code, and a password long enough alone."""
    await second_factors.remove(actor, body.code, datetime.now(UTC), network=network)


@router.delete(
    "/people/{person}/second-factor", status_code=204, summary="Remove a lost second factor of a person"
)
async def reset_second_factor(person: UUID, session: Writing, actor: Manager) -> None:
    """For administrators in charge of the person wherever the person works; every session ends."""
    await service.reset(session, actor, person)
