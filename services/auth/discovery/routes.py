"""The provider's metadata over HTTP (OpenID Connect Discovery 1.0, section 4; RFC 8414, section 3)."""

from typing import Any, Final

import orjson
from fastapi import APIRouter, Request, Response

from services.auth.answers import etag_of, public_answer
from services.auth.discovery.rules import CACHE_SECONDS, metadata
from services.auth.discovery.schemas import ProviderMetadata

router: Final = APIRouter(tags=["discovery"])
_KEPT: Final[dict[int | str, dict[str, Any]]] = {
    304: {"description": "The metadata is still that of the given ETag", "content": {}}
}


class Metadata:
    """The document as it is sent, built once."""

    def __init__(self, issuer: str) -> None:
        self.body = orjson.dumps(metadata(issuer))
        self.etag = etag_of(self.body)


@router.get(
    "/.well-known/oauth-authorization-server",
    response_model=ProviderMetadata,
    responses=_KEPT,
    summary="What this provider can do, for clients of OAuth 2.0",
)
@router.get(
    "/.well-known/openid-configuration",
    response_model=ProviderMetadata,
    responses=_KEPT,
    summary="What this provider can do",
)
async def read_metadata(request: Request) -> Response:
    """Addresses, methods, algorithms and claims; may be kept for 5 minutes. What works is named, no more."""
    document: Metadata = request.app.state.metadata
    return public_answer(request, document.body, document.etag, seconds=CACHE_SECONDS)
