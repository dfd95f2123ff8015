"""Recognition of prior learning."""

from uuid import UUID

from fastapi import APIRouter, Request, Response

from libs.common.database import DatabaseOf
from libs.common.paging import Page, PagingOf
from services.creditbank.approvals import service as approvals
from services.creditbank.callers import Actor, Learner
from services.creditbank.recognition import service
from services.creditbank.recognition.schemas import (
    AssessmentBody,
    DecisionBody,
    RecognitionAnswer,
    RecognitionBody,
)

router = APIRouter(tags=["recognition"])
_JSON = "application/json"
_ONE = "/v1/recognitions/{recognition}"


@router.post(
    "/v1/recognitions", summary="Ask for recognition", status_code=201, response_model=RecognitionAnswer
)
async def request_recognition(body: RecognitionBody, caller: Actor, database: DatabaseOf) -> Response:
    """Ask an institution of one's own to recognise what was learnt elsewhere."""
    made = await service.request(
        database,
        caller,
        body.institution,
        [(one.title, one.evidence) for one in body.claims],
        key=body.key,
    )
    return Response(made, status_code=201, media_type=_JSON)


@router.get("/v1/recognitions", summary="My requests", response_model=Page[RecognitionAnswer])
async def my_recognitions(caller: Learner, database: DatabaseOf, paging: PagingOf) -> Response:
    """All that the caller asked for, the newest first."""
    books = await approvals.books(database.pool, caller.subject)
    after = paging.after(UUID)
    rows = await service.of_learner(
        database.pool, books, after=after[0] if after else None, limit=paging.limit + 1
    )
    return paging.answer(rows)


@router.get(_ONE, summary="One request", response_model=RecognitionAnswer)
async def read_recognition(recognition: UUID, caller: Learner, database: DatabaseOf) -> Response:
    """Seen by its learner, and by assessors, administrators and registrars of the institution."""
    return Response(await service.read(database.pool, caller, recognition), media_type=_JSON)


@router.post(f"{_ONE}/assessment", summary="Assess the claims", response_model=RecognitionAnswer)
async def assess_claims(
    recognition: UUID, body: AssessmentBody, caller: Actor, database: DatabaseOf
) -> Response:
    """Say what each claim is worth: by an assessor, administrator or registrar who is not the learner."""
    return Response(await service.assess(database, caller, recognition, body.offers()), media_type=_JSON)


@router.post(f"{_ONE}/decision", summary="Offer what was assessed", response_model=RecognitionAnswer)
async def decide_recognition(
    recognition: UUID, body: DecisionBody, caller: Actor, database: DatabaseOf
) -> Response:
    """By an administrator or registrar who neither asked nor assessed. The learner then accepts or not."""
    decided = await service.decide(
        database, caller, recognition, approve=body.decision == "approve", reason=body.reason
    )
    return Response(decided, media_type=_JSON)


@router.post(f"{_ONE}/acceptance", summary="Accept what is offered", response_model=RecognitionAnswer)
async def accept_recognition(
    recognition: UUID, request: Request, caller: Actor, database: DatabaseOf
) -> Response:
    """The credits are posted at once."""
    keys = request.app.state.shred_keys
    return Response(await service.accept(database, keys, caller, recognition), media_type=_JSON)


@router.post(f"{_ONE}/withdrawal", summary="Withdraw my request", response_model=RecognitionAnswer)
async def withdraw_recognition(recognition: UUID, caller: Actor, database: DatabaseOf) -> Response:
    """Before it is posted: also to decline what is offered."""
    return Response(await service.withdraw(database, caller, recognition), media_type=_JSON)
