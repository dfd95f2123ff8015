"""Recovery over HTTP, for frontends with pages of their own; ours are in `pages`."""

from typing import Annotated, Final

from fastapi import APIRouter, Header, Response

from libs.common.languages import preferred
from services.auth.callers import Network
from services.auth.recovery.dependencies import RecoveryOf
from services.auth.recovery.schemas import RecoveryChoice, RecoveryRequest

router: Final = APIRouter(prefix="/v1/recoveries", tags=["accounts"])


@router.post("", status_code=202, response_class=Response, summary="Ask for a link to choose a new password")
async def ask_for_link(
    body: RecoveryRequest,
    recovery: RecoveryOf,
    network: Network,
    accept_language: Annotated[str | None, Header()] = None,
) -> Response:
    """It goes to the stored address only, and the answer is the same whether or not there is an account."""
    await recovery.want_link(body.username, preferred(accept_language), network=network)
    return Response(status_code=202, headers={"Cache-Control": "no-store"})


@router.post("/completion", status_code=204, summary="Choose a password with a mailed link")
async def complete_recovery(
    body: RecoveryChoice,
    recovery: RecoveryOf,
    network: Network,
    accept_language: Annotated[str | None, Header()] = None,
) -> None:
    """The link works once; every session ends, nobody is signed in. Wrong links are counted per network."""
    await recovery.choose_password(body.link, body.password, preferred(accept_language), network=network)
