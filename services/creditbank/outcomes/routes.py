"""What credits are given for, and how such outcomes stand to one another."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from libs.common.database import DatabaseOf
from libs.common.paging import Page, PagingOf, encode_cursor
from services.creditbank.callers import Corrector, Reader
from services.creditbank.outcomes import service
from services.creditbank.outcomes.schemas import NewOutcome, OutcomeAnswer, Relations

router = APIRouter(prefix="/v1/outcomes", tags=["outcomes"])


@router.get("", summary="Outcomes of an organisation")
async def read_outcomes(
    organisation: Annotated[UUID, Query()], caller: Reader, database: DatabaseOf, paging: PagingOf
) -> Page[OutcomeAnswer]:
    """Its own ones. Seen by clients of its line, its administrators, registrars and auditors."""
    (after,) = paging.after(UUID) or (None,)
    rows = await service.outcomes_of(database.pool, caller, organisation, after, paging.limit + 1)
    items = [OutcomeAnswer(**dict(row)) for row in rows[: paging.limit]]
    return paging.page(items, encode_cursor(items[-1].id) if len(rows) > len(items) else None)


@router.post("", status_code=201, summary="Add a unit or a certificate")
async def add_outcome(body: NewOutcome, caller: Corrector, database: DatabaseOf) -> OutcomeAnswer:
    """For clients of the organisation's line, its administrators and registrars."""
    facts = (body.kind, body.title, body.code, body.sourced_id)
    relations = (body.equivalence_group, body.parent)
    return OutcomeAnswer(**dict(await service.add(database, caller, body.organisation, facts, relations)))


@router.put("/{outcome}/relations", summary="Say what it is equivalent to and a part of")
async def relate(outcome: UUID, body: Relations, caller: Corrector, database: DatabaseOf) -> OutcomeAnswer:
    """For clients of the organisation's line, its administrators and registrars; also of courses."""
    relations = (body.equivalence_group, body.parent)
    return OutcomeAnswer(**dict(await service.relate(database, caller, outcome, relations)))
