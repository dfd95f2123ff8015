"""Asking for awards, granting them, taking them back."""

from uuid import UUID

from fastapi import APIRouter, Response

from libs.common.database import DatabaseOf
from libs.common.paging import Page, PagingOf
from services.creditbank.approvals import service as approvals
from services.creditbank.awards import service
from services.creditbank.awards.schemas import AwardAnswer, AwardBody, DecisionBody, RescissionBody
from services.creditbank.callers import Actor, Learner
from services.creditbank.writers import LedgerOf

router = APIRouter(tags=["awards"])
_JSON = "application/json"


@router.post("/v1/awards", summary="Ask for an award", status_code=201, response_model=AwardAnswer)
async def request_award(body: AwardBody, caller: Actor, database: DatabaseOf, ledger: LedgerOf) -> Response:
    """Audit the caller's credits by a programme in force and set aside, for 30 days, those that meet it.

    An administrator or registrar of the institution then grants or refuses the award.
    """
    made = await service.request(database, ledger, caller, body.programme, only=body.lots, key=body.key)
    return Response(made, status_code=201, media_type=_JSON)


@router.get("/v1/awards", summary="My awards", response_model=Page[AwardAnswer])
async def my_awards(caller: Learner, database: DatabaseOf, paging: PagingOf) -> Response:
    """All that the caller asked for, the newest first."""
    books = await approvals.books(database.pool, caller.subject)
    after = paging.after(UUID)
    rows = await service.of_learner(
        database.pool, books, after=after[0] if after else None, limit=paging.limit + 1
    )
    return paging.answer(rows)


@router.get("/v1/awards/{award}", summary="One award", response_model=AwardAnswer)
async def read_award(award: UUID, caller: Learner, database: DatabaseOf) -> Response:
    """Seen by its learner, and by administrators and registrars of the institution."""
    return Response(await service.read(database.pool, caller, award), media_type=_JSON)


@router.post("/v1/awards/{award}/withdrawal", summary="Withdraw my request", response_model=AwardAnswer)
async def withdraw_award(award: UUID, caller: Actor, database: DatabaseOf, ledger: LedgerOf) -> Response:
    """The credits set aside are free again."""
    return Response(await service.withdraw(database, ledger, caller, award), media_type=_JSON)


@router.post("/v1/awards/{award}/decision", summary="Grant or refuse an award", response_model=AwardAnswer)
async def decide_award(
    award: UUID, body: DecisionBody, caller: Actor, database: DatabaseOf, ledger: LedgerOf
) -> Response:
    """By an administrator or registrar of the institution who is not the learner. Granting spends."""
    decided = await service.decide(
        database, ledger, caller, award, approve=body.decision == "approve", reason=body.reason
    )
    return Response(decided, media_type=_JSON)


@router.post("/v1/awards/{award}/rescission", summary="Ask to take an award back", response_model=AwardAnswer)
async def propose_rescission(
    award: UUID, body: RescissionBody, caller: Actor, database: DatabaseOf
) -> Response:
    """By an administrator or registrar of the institution; another of them decides."""
    proposed = await service.propose_rescission(database, caller, award, reason=body.reason)
    return Response(proposed, media_type=_JSON)


@router.post(
    "/v1/awards/{award}/rescission/decision", summary="Take an award back or not", response_model=AwardAnswer
)
async def decide_rescission(
    award: UUID, body: DecisionBody, caller: Actor, database: DatabaseOf, ledger: LedgerOf
) -> Response:
    """By another than who asked for it. What the award spent is then available again."""
    decided = await service.decide_rescission(
        database, ledger, caller, award, approve=body.decision == "approve"
    )
    return Response(decided, media_type=_JSON)
