"""Signing in over HTTP."""

from typing import Annotated, Final

from fastapi import APIRouter, Header, Request, Response

from services.auth.callers import Network
from services.auth.people import service as people
from services.auth.sign_in.schemas import Credentials, OpenedSession, SignedInPerson, SignInAnswer
from services.auth.sign_in.service import SignIn
from services.auth.tokens.service import Mint

router: Final = APIRouter(tags=["sessions"])


@router.post("/v1/sessions", status_code=201, response_model=SignInAnswer, summary="Sign in")
async def sign_in(
    body: Credentials,
    request: Request,
    response: Response,
    network: Network,
    user_agent: Annotated[str | None, Header()] = None,
) -> SignInAnswer:
    """Whatever is wrong, the answer is the same. After some failures the next attempt must wait."""
    service: SignIn = request.app.state.sign_in
    mint: Mint = request.app.state.mint
    signed_in = await service.with_password(body.username, body.password, network=network, device=user_agent)
    account = signed_in.account
    role = await people.active_role(request.app.state.database.pool, signed_in.session)
    issued = mint.for_person(account.person, signed_in.session, role)
    response.headers["Cache-Control"] = "no-store"
    return SignInAnswer(
        access_token=issued.access_token,
        token_type="Bearer",  # noqa: S106
        expires_in=issued.expires_in,
        scope=issued.scope,
        session=OpenedSession(id=signed_in.session, expires_at=signed_in.expires_at),
        person=SignedInPerson(
            id=account.person,
            username=account.username,
            given_name=account.given_name,
            family_name=account.family_name,
            preferred_name=account.preferred_name,
        ),
    )
