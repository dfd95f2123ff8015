"""Who read a learner's record."""

from datetime import date
from typing import Final
from uuid import UUID

from fastapi import APIRouter, Request, Response

from libs.common.database import DatabaseOf
from libs.common.paging import InvalidCursor, Page, Paging, PagingOf
from services.creditbank.callers import Learner
from services.creditbank.xapi.persons import service as persons
from services.creditbank.xapi.readings import repository
from services.creditbank.xapi.readings.repository import Place
from services.creditbank.xapi.readings.schemas import ReadBy

router: Final = APIRouter(tags=["records"])


@router.get(
    "/v1/learners/{learner}/record/readers",
    summary="Who read a learner's record",
    response_model=Page[ReadBy],
)
async def read_readers(
    request: Request, learner: UUID, caller: Learner, database: DatabaseOf, paging: PagingOf
) -> Response:
    """Everybody but the learner, the newest day first: by day, reader, store and way of reading.

    For the learner, and for guardians; of a child under 14 only with a guardian's consent. Reads of
    statements are told a second later; of the last second before a crash they may be missing.
    """
    of = await persons.owner(database.pool, caller, learner)
    rows = await repository.page(
        database.pool,
        of.holder,
        of.numbers,
        issuer=request.app.state.settings.issuer,
        after=_place(paging),
        limit=paging.limit + 1,
    )
    return paging.answer(
        rows,
        key=lambda row: (row["day"].isoformat(), *list(row)[2:6], int(row["of_all"])),
        headers={"Cache-Control": "no-store"},
    )


def _place(paging: Paging) -> Place | None:
    after = paging.after(str, str, UUID, UUID, str, int)
    if after is None:
        return None
    try:
        return (date.fromisoformat(after[0]), *after[1:5], bool(after[5]))
    except ValueError:
        raise InvalidCursor from None
