"""The list of revocations over HTTP, for the services that verify tokens themselves."""

from typing import Annotated, Final

import orjson
from fastapi import APIRouter, Depends, Query, Request, Response

from libs.common.database import DatabaseOf
from libs.common.identity import Caller, require
from services.auth.keys.service import KeyRing
from services.auth.revocations import service
from services.auth.revocations.rules import MOST_PER_PAGE
from services.auth.revocations.schemas import RevocationList

router: Final = APIRouter(tags=["revocations"])


@router.get("/v1/revocations", response_model=RevocationList, summary="Tokens revoked since a cursor")
async def list_revocations(
    request: Request,
    database: DatabaseOf,
    _caller: Annotated[Caller, Depends(require("events.read"))],
    cursor: Annotated[str | None, Query(max_length=1000, description="`next` of the answer before")] = None,
    limit: Annotated[int, Query(ge=1, le=MOST_PER_PAGE)] = MOST_PER_PAGE,
) -> Response:
    """Ask every 2 seconds with the cursor of the answer before, and obey at once.

    Nothing is missed, however late the transaction that revoked it was committed; what was told before may be
    told again. A cursor from before a restored backup begins from the start.
    """
    ring: KeyRing = request.app.state.keys
    page = await service.changes(database.pool, cursor, limit)
    body = {"items": page.items, "next": page.next, "more": page.more, "keys": ring.published.etag}
    return Response(orjson.dumps(body), media_type="application/json")
