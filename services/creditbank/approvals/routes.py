"""What waits for me."""

from uuid import UUID

from fastapi import APIRouter, Response

from libs.common.database import DatabaseOf
from libs.common.paging import Page, PagingOf
from services.creditbank.approvals import service
from services.creditbank.approvals.problems import LearnerUnknown
from services.creditbank.approvals.schemas import Waiting
from services.creditbank.callers import Learner

router = APIRouter(tags=["approvals"])


@router.get("/v1/approvals", summary="What waits for me", response_model=Page[Waiting])
async def my_approvals(caller: Learner, database: DatabaseOf, paging: PagingOf) -> Response:
    """Everything that waits for a decision the caller may take, the oldest first: as a learner, and for the
    institutions where they hold a role. What the caller asked for or prepared is for others to decide.
    """
    after = paging.after(int, UUID)
    try:
        me = await service.holder(database.pool, caller.subject)
        rows = await service.waiting(
            database.pool,
            number=me.number,
            books=me.books,
            ids=list(me.ids),
            after=None if after is None else (after[0], after[1]),
            limit=paging.limit + 1,
        )
    except LearnerUnknown:
        rows = []
    return paging.answer(rows)
