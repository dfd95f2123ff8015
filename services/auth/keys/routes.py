"""The published key set (RFC 7517, section 5)."""

from typing import Final, Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from services.auth.answers import public_answer
from services.auth.keys.rules import CACHE_SECONDS
from services.auth.keys.service import KeyRing

router: Final = APIRouter(tags=["keys"])
_MEDIA_TYPE: Final = "application/jwk-set+json"


class PublicKey(BaseModel):
    """A public key: `crv`, `x` and `y` of an EC key, `n` and `e` of an RSA key (RFC 7518, section 6)."""

    kid: str
    kty: Literal["EC", "RSA"]
    alg: Literal["ES256", "RS256"]
    use: Literal["sig"]
    crv: str | None = None
    x: str | None = None
    y: str | None = None
    n: str | None = None
    e: str | None = None


class PublicKeySet(BaseModel):
    """Every key that verifies a token in circulation, and those that will soon sign."""

    keys: list[PublicKey]


@router.get(
    "/.well-known/jwks.json",
    response_model=PublicKeySet,
    responses={
        200: {"content": {_MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/PublicKeySet"}}}},
        304: {"description": "The key set is still the one of the given ETag", "content": {}},
    },
    summary="The keys that verify our tokens",
)
async def read_key_set(request: Request) -> Response:
    """The key set; it may be kept for 5 minutes, and a key is published longer than that before it signs."""
    ring: KeyRing = request.app.state.keys
    published = ring.published
    return public_answer(
        request, published.body, published.etag, seconds=CACHE_SECONDS, media_type=_MEDIA_TYPE
    )
