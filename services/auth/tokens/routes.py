"""The token endpoint (RFC 6749, section 3.2). Its errors have the form the RFC fixes."""

from datetime import UTC, datetime
from typing import Final

import orjson
from fastapi import APIRouter, Request, Response

from libs.common.database import is_away
from services.auth.clients.service import ClientRefused
from services.auth.tokens import service
from services.auth.tokens.rules import TokenRefused, read_request
from services.auth.tokens.schemas import FORM, TokenAnswer, TokenError
from services.auth.tokens.service import Issued

router: Final = APIRouter(tags=["tokens"])
_NO_STORE: Final = {"Cache-Control": "no-store", "Pragma": "no-cache"}


@router.post(
    "/oauth/token",
    response_model=TokenAnswer,
    responses={
        400: {"model": TokenError, "description": "The request is refused"},
        401: {"model": TokenError, "description": "The client did not prove itself"},
        429: {"model": TokenError, "description": "Too many refusals; Retry-After says when"},
        503: {"model": TokenError, "description": "A store is away; try again"},
    },
    openapi_extra={"requestBody": FORM, "security": [{}, {"basic": []}]},
    summary="An access token for a client",
)
async def issue_token(request: Request) -> Response:
    """client_credentials with client_secret_basic, client_secret_post or private_key_jwt."""
    state, headers = request.app.state, request.headers
    try:
        asked = read_request(
            content_type=headers.get("content-type"),
            authorization=headers.get("authorization"),
            query=request.scope["query_string"],
            body=await request.body(),
        )
        issued = await service.client_credentials(
            state.clients,
            state.database.pool,
            state.mint,
            asked,
            audiences=state.token_audiences,
            now=datetime.now(UTC),
            network=request.client.host if request.client else "unknown",
        )
        return _answer(issued)
    except (ClientRefused, TokenRefused) as refused:
        return _refusal(refused)
    except Exception as error:
        if not is_away(error):
            raise
        return _refusal(TokenRefused("temporarily_unavailable", "Try again shortly.", status=503))


def _answer(issued: Issued) -> Response:
    body = {
        "access_token": issued.access_token,
        "token_type": "Bearer",
        "expires_in": issued.expires_in,
        "scope": issued.scope,
    }
    return Response(orjson.dumps(body), headers=_NO_STORE, media_type="application/json")


def _refusal(refused: ClientRefused | TokenRefused) -> Response:
    headers = dict(_NO_STORE)
    if refused.status == 401:
        headers["WWW-Authenticate"] = 'Basic realm="xuebu", charset="UTF-8"'
    if refused.status == 503:
        headers["Retry-After"] = "2"
    if isinstance(refused, ClientRefused) and refused.retry_after is not None:
        headers["Retry-After"] = str(refused.retry_after)
    body = {"error": refused.code, "error_description": refused.why}
    return Response(orjson.dumps(body), refused.status, headers, "application/json")
