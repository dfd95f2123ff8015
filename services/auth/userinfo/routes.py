"""The userinfo endpoint (OpenID Connect Core, section 5.3). Its errors have the form of RFC 6750."""

from typing import Any, Final

import orjson
from fastapi import APIRouter, Request, Response

from libs.common.database import is_away
from libs.common.identity import Identity, authorization_of
from libs.common.problems import TooManyRequests, Unauthorized, Unavailable
from libs.common.redis_store import AWAY as REDIS_AWAY
from services.auth.tokens.answers import form_of
from services.auth.tokens.reading import Reader
from services.auth.tokens.rules import OPENID, TokenRefused
from services.auth.userinfo import service
from services.auth.userinfo.schemas import BearerError, UserInfo

router: Final = APIRouter(tags=["userinfo"])
_NO_STORE: Final = {"Cache-Control": "no-store", "Pragma": "no-cache"}
_FORM: Final = "application/x-www-form-urlencoded"
_REFUSALS: Final[dict[int | str, dict[str, Any]]] = {
    400: {"model": BearerError, "description": "The token comes in more than one way"},
    401: {"model": BearerError, "description": "No token, or none that is good"},
    403: {"model": BearerError, "description": "The token lacks the scope openid"},
    503: {"model": BearerError, "description": "A store is away; try again"},
}


class _Refused(Exception):
    """A refusal with the error code and status of RFC 6750, section 3.1; without a code, no token came."""

    def __init__(self, status: int, code: str, why: str) -> None:
        super().__init__(code)
        self.status, self.code, self.why = status, code, why


@router.get("/oauth/userinfo", response_model=UserInfo, responses=_REFUSALS, summary="Who signed in")
async def read_userinfo(request: Request) -> Response:
    """Claims about the person whom the access token is about, by its scopes."""
    return await _answer(request, authorization_of(request.scope))


@router.post(
    "/oauth/userinfo", response_model=UserInfo, responses=_REFUSALS, summary="Who signed in, asked by POST"
)
async def ask_userinfo(request: Request) -> Response:
    """As with GET; the token may come in the form instead (RFC 6750, section 2.2)."""
    authorization = authorization_of(request.scope)
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() == _FORM:
        try:
            token = (await form_of(request)).values.get("access_token")
        except TokenRefused as refused:
            return _refusal(_Refused(400, "invalid_request", refused.why))
        if token is not None and authorization is not None:
            return _refusal(_Refused(400, "invalid_request", "The token comes in more than one way."))
        authorization = f"Bearer {token}" if token is not None else authorization
    return await _answer(request, authorization)


async def _answer(request: Request, authorization: str | None) -> Response:
    identity: Identity = request.app.state.identity
    reader: Reader = request.app.state.reader
    try:
        await identity.caller(authorization)
        claims = reader.read((authorization or "").partition(" ")[2])
        if claims is None:
            raise Unauthorized
        if OPENID not in claims.scopes:
            raise _Refused(403, "insufficient_scope", "The token lacks the scope openid.")
        info = await service.userinfo(request.app.state.database.pool, claims)
        if info is None:
            raise _Refused(401, "invalid_token", "The token is not good any more.")
    except _Refused as refused:
        return _refusal(refused)
    except Unauthorized:
        if authorization is None:
            return _refusal(_Refused(401, "", "The request needs an access token."))
        return _refusal(_Refused(401, "invalid_token", "The token is not good."))
    except TooManyRequests:
        raise
    except Exception as error:
        if not (isinstance(error, (Unavailable, *REDIS_AWAY)) or is_away(error)):
            raise
        return _refusal(_Refused(503, "temporarily_unavailable", "Try again shortly."))
    return Response(orjson.dumps(info), headers=_NO_STORE, media_type="application/json")


def _refusal(refused: _Refused) -> Response:
    headers = dict(_NO_STORE)
    if refused.status == 503:
        headers["Retry-After"] = "2"
    elif refused.code:
        scope = f', scope="{OPENID}"' if refused.status == 403 else ""
        headers["WWW-Authenticate"] = (
            f'Bearer realm="xuebu", error="{refused.code}", error_description="{refused.why}"{scope}'
        )
    else:
        headers["WWW-Authenticate"] = 'Bearer realm="xuebu"'
    body = {"error": refused.code or "invalid_request", "error_description": refused.why}
    return Response(orjson.dumps(body), refused.status, headers, "application/json")
