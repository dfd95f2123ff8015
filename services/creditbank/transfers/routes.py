"""Asking an institution to count credits, and its answer."""

from uuid import UUID

from fastapi import APIRouter, Response

from libs.common.database import DatabaseOf
from libs.common.paging import Page, PagingOf
from services.creditbank.approvals import service as approvals
from services.creditbank.callers import Actor, Learner
from services.creditbank.transfers import service
from services.creditbank.transfers.schemas import TransferAnswer, TransferBody, TransferDecisionBody

router = APIRouter(tags=["transfers"])
_JSON = "application/json"


@router.post("/v1/transfers", summary="Ask for a transfer", status_code=201, response_model=TransferAnswer)
async def request_transfer(body: TransferBody, caller: Actor, database: DatabaseOf) -> Response:
    """Ask an institution to count credits that others issued. Until it is decided nothing changes, and the
    credits stay the caller's own afterwards too: what is decided is what they count for there.
    """
    made = await service.request(
        database, caller, body.institution, body.asked(), key=body.key, note=body.note
    )
    return Response(made, status_code=201, media_type=_JSON)


@router.get("/v1/transfers", summary="My transfers", response_model=Page[TransferAnswer])
async def my_transfers(caller: Learner, database: DatabaseOf, paging: PagingOf) -> Response:
    """All that the caller asked for, the newest first."""
    books = await approvals.books(database.pool, caller.subject)
    after = paging.after(UUID)
    rows = await service.of_learner(
        database.pool, books, after=after[0] if after else None, limit=paging.limit + 1
    )
    return paging.answer(rows)


@router.get("/v1/transfers/{transfer}", summary="One transfer", response_model=TransferAnswer)
async def read_transfer(transfer: UUID, caller: Learner, database: DatabaseOf) -> Response:
    """Seen by its learner, and by administrators and registrars of the institution asked."""
    return Response(await service.read(database.pool, caller, transfer), media_type=_JSON)


@router.post("/v1/transfers/{transfer}/decision", summary="Decide a transfer", response_model=TransferAnswer)
async def decide_transfer(
    transfer: UUID, body: TransferDecisionBody, caller: Actor, database: DatabaseOf
) -> Response:
    """Lot by lot, with reasons: by an administrator or registrar who is not the learner."""
    return Response(await service.decide(database, caller, transfer, body.decisions()), media_type=_JSON)


@router.post(
    "/v1/transfers/{transfer}/withdrawal", summary="Withdraw my request", response_model=TransferAnswer
)
async def withdraw_transfer(transfer: UUID, caller: Actor, database: DatabaseOf) -> Response:
    """While it is not decided."""
    return Response(await service.withdraw(database, caller, transfer), media_type=_JSON)
