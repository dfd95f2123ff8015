"""A learner's summary."""

from typing import Final
from uuid import UUID

from fastapi import APIRouter, Response

from libs.common.database import DatabaseOf
from services.creditbank.callers import Learner
from services.creditbank.xapi.persons import service as persons
from services.creditbank.xapi.readings import service as readings
from services.creditbank.xapi.summaries import service
from services.creditbank.xapi.summaries.schemas import Summary

router: Final = APIRouter(tags=["records"])


@router.get(
    "/v1/learners/{learner}/record/summary",
    summary="A learner's record by month, kind and subject",
    response_model=Summary,
)
async def read_summary(learner: UUID, caller: Learner, database: DatabaseOf) -> Response:
    """Kept up to date some seconds behind what is stored; the answer costs the same for any record.

    For the learner, and for guardians; of a child under 14 only with a guardian's consent.
    """
    of = await persons.owner(database.pool, caller, learner)
    if not of.is_own:
        await readings.record_of_person(database.pool, caller.subject, learner, 0)
    found = await service.summary(database.pool, of.holder)
    return Response(found, headers={"Cache-Control": "no-store"}, media_type="application/json")
