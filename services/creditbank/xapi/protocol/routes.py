"""What this learning record store is, for everybody."""

from typing import Final

import orjson
from fastapi import APIRouter, Request, Response

from services.creditbank.xapi.protocol.parameters import parameters
from services.creditbank.xapi.protocol.rules import VERSIONS
from services.creditbank.xapi.protocol.schemas import About

router: Final = APIRouter(tags=["xapi"])
_ABOUT: Final = orjson.dumps({"version": VERSIONS})


@router.get("/xapi/about", summary="Which versions of xAPI are spoken here", response_model=About)
async def read_about(request: Request) -> Response:
    """The latest patch of each major version (xAPI 1.0.3, part three, 2.8); no credential is needed."""
    parameters(request)
    return Response(_ABOUT, media_type="application/json")
