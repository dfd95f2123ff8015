"""Corrections and revocations of an institution's own deposits."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from libs.common.database import DatabaseOf
from libs.common.paging import Page, PagingOf
from services.creditbank.approvals.service import within
from services.creditbank.callers import Corrector, Reader
from services.creditbank.corrections import service
from services.creditbank.corrections.schemas import (
    Correction,
    CorrectionBody,
    CorrectionDecision,
    ReversalBody,
    State,
)
from services.creditbank.deposits.service import PostingDesk

router = APIRouter(tags=["corrections"])


@router.post(
    "/v1/deposits/{deposit}/entries/{entry}/corrections",
    summary="Ask for a deposit to be revoked or replaced",
    response_model=Correction,
    status_code=201,
)
async def request_correction(
    deposit: UUID, entry: UUID, body: CorrectionBody, caller: Corrector, database: DatabaseOf
) -> Response:
    """By a client of the institution's line, or its registrar or administrator.

    Nothing changes before another one approves. Credits that are held, redeemed or converted cannot
    be taken back while they are.
    """
    replacement = None if body.replacement is None else body.replacement.columns()
    identifier = await within(
        database, lambda one: service.request(one, caller, deposit, entry, body.reason, replacement)
    )
    shown = await service.shown(database.pool, identifier)
    headers = {"Location": f"/v1/corrections/{identifier}"}
    return Response(shown, 201, media_type="application/json", headers=headers)


@router.post(
    "/v1/learners/{learner}/conversions/{conversion}/corrections",
    summary="Ask for a conversion to be taken back",
    response_model=Correction,
    status_code=201,
)
async def request_reversal(
    learner: UUID, conversion: UUID, body: ReversalBody, caller: Corrector, database: DatabaseOf
) -> Response:
    """By a client of the line of the institution whose rule it was, or its registrar or administrator.

    Another one decides. While any of the credits it made is in use, it cannot be taken back.
    """
    identifier = await within(
        database, lambda one: service.request_reversal(one, caller, learner, conversion, body.reason)
    )
    shown = await service.shown(database.pool, identifier)
    headers = {"Location": f"/v1/corrections/{identifier}"}
    return Response(shown, 201, media_type="application/json", headers=headers)


@router.post(
    "/v1/corrections/{correction}/decision", summary="Decide on a correction", response_model=Correction
)
async def decide(
    correction: UUID, body: CorrectionDecision, request: Request, caller: Corrector, database: DatabaseOf
) -> Response:
    """By another client of the institution's line, or another registrar or administrator; withdrawn by any.

    What is approved is done at once: both entries, or neither where the replacement is refused.
    """
    desk = PostingDesk(database, request.app.state.shred_keys)
    await service.decide(
        database, desk, request.app.state.ledger, caller, correction, body.decision, body.reason
    )
    return Response(await service.shown(database.pool, correction), media_type="application/json")


@router.get("/v1/corrections/{correction}", summary="One correction", response_model=Correction)
async def read_correction(correction: UUID, caller: Reader, database: DatabaseOf) -> Response:
    """Seen by clients of the institution's line and by those who oversee it."""
    await service.see(database.pool, caller, correction)
    return Response(await service.shown(database.pool, correction), media_type="application/json")


@router.get(
    "/v1/corrections", summary="An institution's corrections, newest first", response_model=Page[Correction]
)
async def list_corrections(
    institution: Annotated[UUID, Query()],
    caller: Reader,
    database: DatabaseOf,
    paging: PagingOf,
    state: Annotated[State | None, Query()] = None,
) -> Response:
    """Seen by clients of the institution's line and by those who oversee it."""
    await service.see_all(database.pool, caller, institution)
    after = paging.after(UUID)
    rows = await service.page(
        database.pool, institution, state, after[0] if after else None, paging.limit + 1
    )
    return paging.answer(rows)
