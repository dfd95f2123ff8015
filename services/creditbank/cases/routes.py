"""Cases over HTTP."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Query, Response

from libs.common.database import DatabaseOf
from libs.common.paging import Page, PagingOf
from services.creditbank.callers import Actor, Learner
from services.creditbank.cases import service
from services.creditbank.cases.schemas import (
    AppealBody,
    CaseAnswer,
    CaseBody,
    CaseDecisionBody,
    CaseSummary,
    EvidenceBody,
    RemedyBody,
)

router: Final = APIRouter(tags=["cases"])
_JSON: Final = "application/json"
_ONE: Final = "/v1/cases/{case}"


@router.post("/v1/cases", summary="Open a case", status_code=201, response_model=CaseAnswer)
async def open_case(body: CaseBody, caller: Actor, database: DatabaseOf) -> Response:
    """Dispute an entry, or a transfer, recognition or award that was refused: by the learner or, with
    consent, a guardian. An administrator or registrar may open one about an entry of the own institution.
    """
    made = await service.open_case(
        database, caller, body.learner, body.about.kind, body.about.id, body.claim, key=body.key
    )
    return Response(made, status_code=201, media_type=_JSON)


@router.get("/v1/cases", summary="Cases", response_model=Page[CaseSummary])
async def read_cases(
    caller: Learner,
    database: DatabaseOf,
    paging: PagingOf,
    institution: Annotated[
        UUID | None, Query(description="its cases and those below it, for those who oversee it")
    ] = None,
    waiting: Annotated[bool, Query(description="only those that wait for a decision")] = False,
) -> Response:
    """The caller's own and those of children the caller looks after, or an institution's; newest first."""
    (before,) = paging.after(UUID) or (None,)
    if institution is None:
        rows = await service.mine(
            database.pool, caller, waiting=waiting, after_id=before, limit=paging.limit + 1
        )
    else:
        rows = await service.of_institution(
            database.pool, caller, institution, waiting=waiting, after_id=before, limit=paging.limit + 1
        )
    return paging.answer(rows)


@router.get(_ONE, summary="One case", response_model=CaseAnswer)
async def read_case(case: UUID, caller: Learner, database: DatabaseOf) -> Response:
    """Seen by the learner, guardians with consent, and those who oversee the institution."""
    return Response(await service.read(database.pool, caller, case), media_type=_JSON)


@router.post(f"{_ONE}/evidence", summary="Bring something forward", response_model=CaseAnswer)
async def add_evidence(case: UUID, body: EvidenceBody, caller: Actor, database: DatabaseOf) -> Response:
    """By either side, while the case waits for a decision; what was said stays."""
    shown = await service.add_evidence(database, caller, case, body.text, body.links)
    return Response(shown, media_type=_JSON)


@router.post(f"{_ONE}/decision", summary="Decide a case", response_model=CaseAnswer)
async def decide_case(case: UUID, body: CaseDecisionBody, caller: Actor, database: DatabaseOf) -> Response:
    """By an administrator or registrar who neither made what it is about nor has a part in it.

    An appeal is decided by an administrator above the institution, who did not decide before. The remedy is
    asked for at once, and done when another one agrees to it.
    """
    wish = None if body.remedy is None else body.remedy.wish()
    shown = await service.decide(database, caller, case, body.outcome, body.reasons, wish)
    return Response(shown, media_type=_JSON)


@router.post(f"{_ONE}/appeal", summary="Appeal against the decision", response_model=CaseAnswer)
async def appeal(case: UUID, body: AppealBody, caller: Actor, database: DatabaseOf) -> Response:
    """Once, within 30 days: by the learner's side, or by the institution if it opened the case."""
    return Response(await service.appeal(database, caller, case, body.reasons), media_type=_JSON)


@router.post(f"{_ONE}/end", summary="Withdraw, or accept the decision", response_model=CaseAnswer)
async def end_case(case: UUID, caller: Actor, database: DatabaseOf) -> Response:
    """What waits for its first decision is withdrawn by who opened it; later the case is closed."""
    return Response(await service.end(database, caller, case), media_type=_JSON)


@router.post(f"{_ONE}/remedies", summary="Link what puts it right", response_model=CaseAnswer)
async def link_remedy(case: UUID, body: RemedyBody, caller: Actor, database: DatabaseOf) -> Response:
    """What was done since for the same learner by the same institution, once the case is upheld."""
    shown = await service.link_remedy(database, caller, case, body.kind, body.id)
    return Response(shown, media_type=_JSON)
