"""Introspection (RFC 7662) and revocation (RFC 7009) of tokens."""

from typing import Final

import orjson
from fastapi import APIRouter, Request, Response

from libs.common.identity import authorization_of
from services.auth.callers import network_of
from services.auth.clients.rules import CONFIDENTIAL
from services.auth.clients.service import Client
from services.auth.issued.schemas import FORM, Introspection
from services.auth.issued.service import IssuedTokens
from services.auth.tokens.answers import NO_STORE, form_of, refusal_of
from services.auth.tokens.routes import REFUSALS
from services.auth.tokens.rules import TokenRefused
from services.auth.tokens.service import Grants

router: Final = APIRouter(tags=["tokens"])


@router.post(
    "/oauth/introspect",
    response_model=Introspection,
    responses=REFUSALS,
    openapi_extra={"requestBody": FORM, "security": [{}, {"basic": []}]},
    summary="Is this token good?",
)
async def introspect(request: Request) -> Response:
    """Asked of the database at this moment: what was revoked is inactive at once.

    Clients that keep a secret learn of their own tokens, services of the platform of every access token; all
    other tokens are inactive to them, like unknown ones.
    """
    issued: IssuedTokens = request.app.state.issued
    try:
        client, token = await _asked(request)
        if client.kind not in CONFIDENTIAL:
            raise TokenRefused("unauthorized_client", "Introspection is for clients that keep a secret.")
        document = await issued.introspect(client, token)
    except Exception as error:
        return refusal_of(error)
    return Response(orjson.dumps(document), headers=NO_STORE, media_type="application/json")


@router.post(
    "/oauth/revoke",
    status_code=200,
    response_class=Response,
    responses={**REFUSALS, 200: {"description": "The token is worth nothing (any more)", "content": {}}},
    openapi_extra={"requestBody": FORM, "security": [{}, {"basic": []}]},
    summary="Take a token back",
)
async def revoke(request: Request) -> Response:
    """An access token alone, or a refresh token with everything that descends from the same sign-in.

    Tokens of other clients, and what is no token, are left alone with the same answer.
    """
    issued: IssuedTokens = request.app.state.issued
    try:
        client, token = await _asked(request)
        await issued.revoke(client, token)
    except Exception as error:
        return refusal_of(error)
    return Response(status_code=200, headers=NO_STORE)


async def _asked(request: Request) -> tuple[Client, str]:
    grants: Grants = request.app.state.grants
    form = await form_of(request)
    client = await grants.authenticate(form, authorization_of(request.scope), network_of(request))
    return client, form.required("token")
