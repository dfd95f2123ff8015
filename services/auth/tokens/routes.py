"""The token endpoint (RFC 6749, section 3.2). Its errors have the form the RFC fixes."""

from typing import Any, Final

import orjson
from fastapi import APIRouter, Request, Response

from libs.common.identity import authorization_of
from services.auth.callers import network_of
from services.auth.tokens.answers import NO_STORE, form_of, refusal_of
from services.auth.tokens.schemas import FORM, TokenAnswer, TokenError
from services.auth.tokens.service import Grants, Issued

router: Final = APIRouter(tags=["tokens"])

REFUSALS: Final[dict[int | str, dict[str, Any]]] = {
    400: {"model": TokenError, "description": "The request is refused"},
    401: {"model": TokenError, "description": "The client did not prove itself"},
    429: {"model": TokenError, "description": "Too many refusals; Retry-After says when"},
    503: {"model": TokenError, "description": "A store is away; try again"},
}


@router.post(
    "/oauth/token",
    response_model=TokenAnswer,
    responses=REFUSALS,
    openapi_extra={"requestBody": FORM, "security": [{}, {"basic": []}]},
    summary="Tokens for a client",
)
async def issue_token(request: Request) -> Response:
    """Redeems codes (with PKCE), refreshes, and gives machines tokens of their own.

    Clients prove themselves by client_secret_basic, client_secret_post or private_key_jwt; those that keep no
    secret name themselves. A refresh token works once: one that comes again ends the whole family.
    """
    grants: Grants = request.app.state.grants
    try:
        form = await form_of(request)
        return _answer(await grants.issue(form, authorization_of(request.scope), network_of(request)))
    except Exception as error:
        return refusal_of(error)


def _answer(issued: Issued) -> Response:
    body = {
        "access_token": issued.access_token,
        "token_type": "Bearer",
        "expires_in": issued.expires_in,
        "scope": issued.scope,
    }
    if issued.refresh_token is not None:
        body["refresh_token"] = issued.refresh_token
    if issued.id_token is not None:
        body["id_token"] = issued.id_token
    return Response(orjson.dumps(body), headers=NO_STORE, media_type="application/json")
