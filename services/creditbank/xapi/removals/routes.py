"""Pruning an organisation's record store over HTTP."""

from typing import Final

from fastapi import APIRouter, Request, Response

from libs.common.database import DatabaseOf
from services.creditbank.callers import Actor
from services.creditbank.xapi.operations.schemas import Operation
from services.creditbank.xapi.removals import service
from services.creditbank.xapi.removals.schemas import Preview, Pruning

router: Final = APIRouter(prefix="/v1/xapi-prunings", tags=["xapi operations"])


@router.post("/preview", summary="What a pruning would remove")
async def preview_pruning(body: Pruning, caller: Actor, database: DatabaseOf) -> Preview:
    """For administrators of the organisation or above it. Nothing is changed."""
    told = await service.preview(database.pool, caller, body.organisation, body.filters.told())
    return Preview(statements=told[0], kept=told[1])


@router.post("", status_code=202, response_model=Operation, summary="Remove statements for ever")
async def begin_pruning(body: Pruning, request: Request, caller: Actor, database: DatabaseOf) -> Response:
    """For administrators of the organisation or above it; ask for a preview first, there is no way back.

    What was stored until now and meets all filters goes, with its attachments and with what voids it. How far
    it is, the list of operations tells.
    """
    shown = await service.prune(database, caller, body.organisation, body.filters.told())
    request.app.state.remover.wake()
    return Response(shown, 202, media_type="application/json")
