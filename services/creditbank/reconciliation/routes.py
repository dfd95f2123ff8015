"""Reconciliation and trial balance of an institution."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from libs.common.database import DatabaseOf
from libs.common.paging import Page, PagingOf
from services.creditbank.callers import Reader
from services.creditbank.reconciliation import service
from services.creditbank.reconciliation.rules import CallPlace
from services.creditbank.reconciliation.schemas import CALLS, ITEMS, Call, Reconciliation, TrialBalance
from services.creditbank.spreadsheets import PART, CsvResponse, FormOf, answer
from services.creditbank.times import Moment, at_microseconds, microseconds

router = APIRouter(tags=["reconciliation"])
#: calls of a part of the table; each may have a thousand entries
_PART = 200

Since = Annotated[Moment | None, Query(alias="from", description="calls recorded at this time or later")]
Until = Annotated[Moment | None, Query(description="calls recorded before this time")]


@router.get(
    "/v1/institutions/{institution}/reconciliation",
    summary="What was told, and what stands",
    response_model=Reconciliation,
)
async def read_report(
    institution: UUID, caller: Reader, database: DatabaseOf, since: Since = None, until: Until = None
) -> Response:
    """By scheme: the answers to its calls of a time, and what the books and the suspense say of these now.

    Seen by clients of the institution's line, its administrators, registrars and auditors.
    """
    await service.see(database.pool, caller, institution)
    found = await service.report(database.pool, institution, since, until)
    return Response(found, headers={"Cache-Control": "no-store"}, media_type="application/json")


@router.get(
    "/v1/institutions/{institution}/reconciliation/calls",
    summary="What was told, and what stands, call by call",
    response_model=Page[Call],
)
async def read_calls(
    institution: UUID,
    caller: Reader,
    database: DatabaseOf,
    paging: PagingOf,
    since: Since = None,
    until: Until = None,
) -> Response:
    """The newest first; a part of a file is a call that names the file. Seen by the same."""
    await service.see(database.pool, caller, institution)
    after = paging.after(int, UUID)
    place = None if after is None else CallPlace(at_microseconds(after[0]), after[1])
    rows = await service.calls(database.pool, institution, since, until, place, paging.limit + 1)
    return paging.answer(
        [(row["item"], microseconds(row["placed"]), row["place"]) for row in rows],
        headers={"Cache-Control": "no-store"},
    )


@router.get(
    "/v1/institutions/{institution}/reconciliation/calls.csv",
    summary="The same as CSV",
    response_class=CsvResponse,
)
async def read_calls_as_csv(
    request: Request,
    institution: UUID,
    caller: Reader,
    database: DatabaseOf,
    form: FormOf,
    since: Since = None,
    until: Until = None,
) -> CsvResponse:
    """All of them, sent while they are read."""
    await service.see(database.pool, caller, institution)
    parts = service.call_parts(database.pool, institution, since, until, _PART)
    return await answer(request, form, CALLS, parts, name="reconciliation")


@router.get(
    "/v1/institutions/{institution}/trial-balance",
    summary="Its trial balance",
    response_model=TrialBalance,
)
async def read_trial_balance(institution: UUID, caller: Reader, database: DatabaseOf) -> Response:
    """Both sides of what it issued itself, from the postings; they sum to nothing. Seen by the same."""
    await service.see(database.pool, caller, institution)
    found = await service.trial_balance(database.pool, institution)
    return Response(found, headers={"Cache-Control": "no-store"}, media_type="application/json")


@router.get(
    "/v1/deposit-files/{file}/items.csv", summary="A file's items, then and now", response_class=CsvResponse
)
async def read_items_as_csv(
    request: Request, file: UUID, caller: Reader, database: DatabaseOf, form: FormOf
) -> CsvResponse:
    """What each item said, what became of it then, and what stands of it now.

    `stands` is standing, revoked, corrected, claimed, or the state of what waited for its learner. Seen by
    clients of the institution's line, its administrators, registrars and auditors.
    """
    await service.see_file(database.pool, caller, file)
    parts = service.item_parts(database.pool, file, PART)
    return await answer(request, form, ITEMS, parts, name=f"items-{file}")
