"""How many have an account: what to watch after an import."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request

from libs.common.database import DatabaseOf
from libs.common.problems import NotFound
from services.creditbank.callers import Reader
from services.creditbank.institutions import service as institutions
from services.creditbank.learners import service
from services.creditbank.learners.schemas import Coverage, Sources, SourceState

router = APIRouter(tags=["learners"])


@router.get("/v1/coverage", summary="How many have an account")
async def read_coverage(
    request: Request,
    organisation: Annotated[UUID, Query(description="counted with all below it")],
    caller: Reader,
    database: DatabaseOf,
) -> Coverage:
    """Seen by clients of the organisation's line, its administrators, registrars and auditors."""
    if not await institutions.may_oversee(database.pool, organisation, caller):
        raise NotFound
    counts = await service.coverage(database.pool, organisation)
    inbox = request.app.state.inboxes[0]
    state = SourceState(
        as_of=inbox.as_of, current=inbox.is_current(request.app.state.settings.current_within_seconds)
    )
    return Coverage(
        organisation=organisation,
        **dict(counts),
        complete=state.current and counts["students"] == counts["students_with_account"],
        sources=Sources(auth=state),
    )
