"""What waits for its learner at an institution."""

from typing import Annotated, Any
from uuid import UUID

import asyncpg
from fastapi import APIRouter, Query, Request, Response

from libs.common.database import DatabaseOf
from libs.common.paging import Page, PagingOf, encode_cursor
from services.creditbank.callers import Poster, Reader
from services.creditbank.deposits.service import PostingDesk
from services.creditbank.ledger.rules import credits_text
from services.creditbank.suspense import service
from services.creditbank.suspense.rules import State
from services.creditbank.suspense.schemas import Claim, NamedBy, SuspendedItem

router = APIRouter(tags=["suspense"])


@router.get("/v1/institutions/{institution}/suspense", summary="Credits that wait for their learners")
async def read_suspense(
    institution: UUID,
    caller: Reader,
    database: DatabaseOf,
    paging: PagingOf,
    response: Response,
    state: Annotated[State | None, Query()] = None,
) -> Page[SuspendedItem]:
    """Oldest first. Seen by clients of the institution's line, and by who oversees it."""
    (after,) = paging.after(UUID) or (None,)
    rows = await service.suspended_of(database.pool, caller, institution, state, after, paging.limit + 1)
    items = [_answer(row) for row in rows[: paging.limit]]
    response.headers["Cache-Control"] = "no-store"
    return paging.page(items, encode_cursor(items[-1].id) if len(rows) > len(items) else None)


@router.post("/v1/suspense/{suspended}/claim", summary="Say whose the credits are")
async def claim(
    suspended: UUID, body: Claim, caller: Poster, request: Request, database: DatabaseOf
) -> SuspendedItem:
    """For clients of the institution's line. Nothing changes unless the credits are posted."""
    desk = PostingDesk(database, request.app.state.shred_keys)
    learner = body.learner
    return _answer(await service.claim(database, desk, caller, suspended, learner.id, learner.sourced_id))


@router.post("/v1/suspense/{suspended}/withdrawal", summary="Wait no more")
async def withdraw(suspended: UUID, caller: Poster, database: DatabaseOf) -> SuspendedItem:
    """For clients of the institution's line. The item's key is free again."""
    return _answer(await service.withdraw(database.pool, caller, suspended))


def _answer(row: asyncpg.Record) -> SuspendedItem:
    values: dict[str, Any] = {name: row[name] for name in SuspendedItem.model_fields if name in row.keys()}  # noqa: SIM118
    return SuspendedItem(
        **values,
        learner=NamedBy(id=row["learner_id"], sourced_id=row["learner_sourced_id"]),
        course=NamedBy(id=row["course_id"], sourced_id=row["course_sourced_id"]),
        credits=credits_text(row["amount"]),
    )
