"""What a programme still asks of me."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Response

from libs.common.database import DatabaseOf
from libs.common.languages import preferred
from services.creditbank.approvals import service as approvals
from services.creditbank.callers import Learner
from services.creditbank.programmes import service
from services.creditbank.programmes.schemas import AuditAnswer, AuditBody

router = APIRouter(tags=["programmes"])


@router.post("/v1/programmes/{programme}/audit", summary="What a programme still asks of me")
async def audit_me(
    programme: UUID,
    body: AuditBody,
    caller: Learner,
    database: DatabaseOf,
    response: Response,
    accept_language: Annotated[str | None, Header()] = None,
) -> AuditAnswer:
    """Judge the caller's credits by the rules of a programme in force; nothing is changed.

    Every rule is told with what counts towards it, and every credit that does not count with the reason.
    Planned courses show what they would bring.
    """
    language = preferred(accept_language)
    response.headers["Content-Language"] = language
    response.headers["Vary"] = "Accept-Language"
    holder = await approvals.holder(database.pool, caller.subject)
    judged = await service.judge(
        database.pool, holder, programme, only=service.keys(holder, body.lots), planned=body.planned_courses()
    )
    return AuditAnswer.of(judged, language)
