"""An institution's own postings, found by the names it gave them."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from libs.common.database import DatabaseOf
from libs.common.fields import Key
from libs.common.paging import Page, PagingOf
from services.creditbank.callers import Reader
from services.creditbank.postings import service
from services.creditbank.postings.rules import Place, Sought
from services.creditbank.postings.schemas import COLUMNS, Posting
from services.creditbank.spreadsheets import PART, CsvResponse, FormOf, answer
from services.creditbank.times import Moment, at_microseconds, microseconds

router = APIRouter(tags=["postings"])


async def _sought(
    key: Annotated[Key | None, Query(description="the key it was posted under")] = None,
    attempt: Annotated[Key | None, Query()] = None,
    batch: Annotated[UUID | None, Query(description="the call that posted it")] = None,
    learner: Annotated[UUID | None, Query()] = None,
    learner_sourced_id: Annotated[Key | None, Query(description="as a roster of the line has it")] = None,
    course: Annotated[UUID | None, Query()] = None,
    course_sourced_id: Annotated[Key | None, Query(description="as a roster of the line has it")] = None,
    scheme: Annotated[Key | None, Query(description="a scheme's code")] = None,
    since: Annotated[Moment | None, Query(alias="from", description="recorded at this time or later")] = None,
    until: Annotated[Moment | None, Query(description="recorded before this time")] = None,
    is_reversed: Annotated[
        bool | None, Query(alias="reversed", description="whether it was taken back")
    ] = None,
) -> Sought:
    return Sought(
        key,
        attempt,
        batch,
        learner,
        learner_sourced_id,
        course,
        course_sourced_id,
        scheme,
        since,
        until,
        is_reversed,
    )


SoughtOf = Annotated[Sought, Depends(_sought)]


@router.get("/v1/institutions/{institution}/postings", summary="Its postings", response_model=Page[Posting])
async def read_postings(
    institution: UUID, caller: Reader, database: DatabaseOf, paging: PagingOf, sought: SoughtOf
) -> Response:
    """What it posted itself, not those below it; the newest first.

    Seen by clients of the institution's line, its administrators, registrars and auditors.
    """
    await service.see(database.pool, caller, institution)
    after = paging.after(int, UUID, UUID)
    place = None if after is None else Place(at_microseconds(after[0]), after[1], after[2])
    rows = await service.page(database.pool, institution, sought, place, paging.limit + 1)
    return paging.answer(
        [(row["item"], microseconds(row["placed"]), row["placed_in"], row["place"]) for row in rows],
        headers={"Cache-Control": "no-store"},
    )


@router.get(
    "/v1/institutions/{institution}/postings.csv", summary="Its postings as CSV", response_class=CsvResponse
)
async def read_postings_as_csv(
    request: Request, institution: UUID, caller: Reader, database: DatabaseOf, sought: SoughtOf, form: FormOf
) -> CsvResponse:
    """All of them that are sought, in the same order, sent while they are read."""
    await service.see(database.pool, caller, institution)
    parts = service.parts(database.pool, institution, sought, PART)
    return await answer(request, form, COLUMNS, parts, name="postings")
