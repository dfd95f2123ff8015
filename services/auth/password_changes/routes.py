"""Changing one's password over HTTP; our page for it is in `pages`."""

from typing import Annotated, Final

from fastapi import APIRouter, Header, Request

from libs.common.languages import preferred
from services.auth.callers import AccountHolderInPerson, Network
from services.auth.password_changes.schemas import PasswordChange
from services.auth.password_changes.service import PasswordChanges

router: Final = APIRouter(prefix="/v1/me", tags=["accounts"])


@router.post("/password", status_code=204, summary="Change one's password")
async def change_password(
    body: PasswordChange,
    request: Request,
    actor: AccountHolderInPerson,
    network: Network,
    accept_language: Annotated[str | None, Header()] = None,
) -> None:
    """With the present one. Other sessions and applications are signed out; this session goes on."""
    changes: PasswordChanges = request.app.state.password_changes
    await changes.change(actor, body.current, body.new, network=network, language=preferred(accept_language))
