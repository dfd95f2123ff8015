"""Refusals of the OAuth endpoints, in the form RFC 6749 fixes, and what stands behind them."""

from typing import Final

import orjson
from fastapi import Request, Response
from starlette.types import Scope

from libs.common.database import is_passing
from libs.common.redis_store import AWAY as REDIS_AWAY
from services.auth.clients.service import ClientRefused
from services.auth.keys.service import NoSigningKey
from services.auth.tokens.rules import Form, TokenRefused, read_form

NO_STORE: Final = {"Cache-Control": "no-store", "Pragma": "no-cache"}


async def form_of(request: Request) -> Form:
    """The form a request carries; raises TokenRefused."""
    return read_form(
        content_type=_content_type(request.scope),
        query=request.scope["query_string"],
        body=await request.body(),
    )


def _content_type(scope: Scope) -> str | None:
    """The header as sent; two of them are none."""
    found = [value for name, value in scope["headers"] if name == b"content-type"]
    return found[0].decode("latin-1") if len(found) == 1 else None


def refusal_of(error: Exception) -> Response:
    """The answer to what went wrong; raises again what is nobody's refusal."""
    if isinstance(error, (TokenRefused, ClientRefused)):
        return _refusal(error)
    if is_passing(error) or isinstance(error, (*REDIS_AWAY, NoSigningKey)):
        return _refusal(TokenRefused("temporarily_unavailable", "Try again shortly.", status=503))
    raise error


def _refusal(refused: ClientRefused | TokenRefused) -> Response:
    headers = dict(NO_STORE)
    if refused.status == 401:
        headers["WWW-Authenticate"] = 'Basic realm="xuebu", charset="UTF-8"'
    if refused.status == 503:
        headers["Retry-After"] = "2"
    if isinstance(refused, ClientRefused) and refused.retry_after is not None:
        headers["Retry-After"] = str(refused.retry_after)
    body = {"error": refused.code, "error_description": refused.why}
    return Response(orjson.dumps(body), refused.status, headers, "application/json")
