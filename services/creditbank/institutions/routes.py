"""What institutions may read of themselves."""

from uuid import UUID

from fastapi import APIRouter, Response

from libs.common.database import DatabaseOf
from libs.common.problems import NotFound
from services.creditbank.callers import Reader
from services.creditbank.institutions import repository
from services.creditbank.institutions.schemas import Totals

router = APIRouter(tags=["institutions"])


@router.get("/v1/institutions/{institution}/totals", summary="What it issued", response_model=Totals)
async def read_totals(institution: UUID, caller: Reader, database: DatabaseOf) -> Response:
    """Seen by clients of the institution and of those above it."""
    if caller.organisation is None:
        raise NotFound
    found = await repository.totals(database.pool, institution, reader=caller.organisation)
    if found is None:
        raise NotFound
    return Response(found, media_type="application/json")
