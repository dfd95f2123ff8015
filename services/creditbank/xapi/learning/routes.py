"""The profile of the statements that the product writes itself."""

from typing import Any, Final

import orjson
from fastapi import APIRouter, Request, Response

from services.creditbank.settings import CreditbankSettings
from services.creditbank.xapi.learning.profile import profile

router: Final = APIRouter(tags=["xapi"])
PATH: Final = "/v1/xapi-profile"
_TYPE: Final = "application/ld+json"
#: pages of any origin may read what is public
_HEADERS: Final = {"Access-Control-Allow-Origin": "*", "Cache-Control": "public, max-age=3600"}
_RESPONSES: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "The profile (xAPI Profiles 1.0, JSON-LD)",
        "content": {_TYPE: {"schema": {"type": "object"}}},
    }
}


@router.get(PATH, summary="The vocabulary of learning events", responses=_RESPONSES, response_class=Response)
async def read_profile(request: Request) -> Response:
    """Concepts, templates and patterns of what this product writes, in Chinese and English; for anybody."""
    settings: CreditbankSettings = request.app.state.settings
    document = profile(f"{settings.public_address}{PATH}")
    return Response(orjson.dumps(document), media_type=_TYPE, headers=_HEADERS)
