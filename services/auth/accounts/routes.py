"""Accounts over HTTP."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Body, Request, Response

from libs.common.database import DatabaseOf, Writing
from services.auth.accounts import service
from services.auth.accounts.problems import CodeRefused
from services.auth.accounts.rules import canonical
from services.auth.accounts.schemas import ActivatedAccount, Activation, ActivationCode, CodeWish
from services.auth.callers import Manager, Network
from services.auth.throttling.service import Throttle

router: Final = APIRouter(prefix="/v1", tags=["accounts"])


@router.post(
    "/people/{person}/activation-codes",
    status_code=201,
    response_model=ActivationCode,
    summary="A code with which a person sets the password",
)
async def issue_activation_code(
    person: UUID,
    session: Writing,
    actor: Manager,
    response: Response,
    body: Annotated[CodeWish, Body(default_factory=CodeWish)],
) -> ActivationCode:
    """For administrators in charge of the person wherever the person works; valid 14 days, once."""
    code, expires_at = await service.issue_code(session, actor, person, body.username)
    response.headers["Cache-Control"] = "no-store"
    return ActivationCode(code=code, expires_at=expires_at)


@router.post("/activations", response_model=ActivatedAccount, summary="Set the password with a code")
async def activate_account(
    body: Activation, request: Request, database: DatabaseOf, network: Network
) -> ActivatedAccount:
    """The code works once; wrong codes are counted per network."""
    throttle: Throttle = request.app.state.throttle
    await throttle.begin(network=network)
    try:
        _, username = await service.activate(database, request.app.state.passwords, body.code, body.password)
    except CodeRefused:
        raise
    except Exception:
        await throttle.undo(network=network)
        raise
    await throttle.undo(network=network)
    await throttle.forgive(canonical(username) or username)
    return ActivatedAccount(username=username)


@router.post("/people/{person}/account/suspension", status_code=204, summary="Suspend an account")
async def suspend_account(person: UUID, session: Writing, actor: Manager) -> None:
    """No sign-in from now on, every session ended."""
    await service.suspend(session, actor, person)


@router.delete("/people/{person}/account/suspension", status_code=204, summary="Let an account work again")
async def resume_account(person: UUID, session: Writing, actor: Manager) -> None:
    """With the password it had."""
    await service.resume(session, actor, person)
