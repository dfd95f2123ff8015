"""What waits for me."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import orjson
from fastapi import APIRouter, Response

from libs.common.database import DatabaseOf
from libs.common.paging import Page, PagingOf, encode_cursor
from services.creditbank.approvals import service
from services.creditbank.approvals.problems import LearnerUnknown
from services.creditbank.approvals.schemas import Waiting
from services.creditbank.callers import Learner

router = APIRouter(tags=["approvals"])
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = 4 * 10**15  # microseconds: well after the year 2090


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
            after=None
            if after is None
            else (_EPOCH + timedelta(microseconds=max(0, min(after[0], _LATEST))), after[1]),
            limit=paging.limit + 1,
        )
    except LearnerUnknown:
        rows = []
    shown = rows[: paging.limit]
    cursor = None
    if len(rows) > paging.limit:
        cursor = encode_cursor((shown[-1][0] - _EPOCH) // timedelta(microseconds=1), shown[-1][1])
    body = b'{"items":[' + b",".join(row[2] for row in shown) + b'],"next":' + orjson.dumps(cursor) + b"}"
    link = paging.link(cursor)
    return Response(body, media_type="application/json", headers={"Link": link} if link else None)
