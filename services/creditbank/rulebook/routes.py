"""Rules of conversions and programmes: proposing, approving, reading."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from libs.common.database import DatabaseOf
from libs.common.paging import Page, PagingOf
from services.creditbank.callers import Actor, Reader
from services.creditbank.rulebook import service
from services.creditbank.rulebook.rules import RuleKind
from services.creditbank.rulebook.schemas import DecisionBody, RuleAnswer, RuleBody

router = APIRouter(tags=["rules"])
_JSON = "application/json"


@router.post("/v1/rules", summary="Propose rules", status_code=201, response_model=RuleAnswer)
async def propose_rule(body: RuleBody, caller: Actor, database: DatabaseOf) -> Response:
    """A further version of an institution's rules, by its administrators and registrars or those above it.

    It has no effect until another of them approves it, and what it says never changes: to change rules,
    propose the next version. A conversion covers credits of the institution and of those below it.
    """
    made = await service.propose(
        database,
        caller,
        service.Draft(
            body.institution,
            body.code,
            (body.title.en, body.title.zh),
            body.scheme,
            (body.effective_from, body.effective_until),
            body.document,
        ),
    )
    return Response(made, status_code=201, media_type=_JSON)


@router.get("/v1/rules", summary="Rules", response_model=Page[RuleAnswer])
async def read_rules(
    caller: Reader,
    database: DatabaseOf,
    paging: PagingOf,
    institution: Annotated[UUID | None, Query(description="only this one's")] = None,
    kind: RuleKind | None = None,
) -> Response:
    """Every version that was approved; drafts too, for those who may decide on them."""
    after = paging.after(UUID)
    rows = await service.page(
        database.pool,
        institution=institution,
        kind=kind,
        drafts_of=await service.drafts_of(database.pool, caller),
        after=after[0] if after else None,
        limit=paging.limit + 1,
    )
    return paging.answer(rows)


@router.get("/v1/rules/{rule}", summary="One version of rules", response_model=RuleAnswer)
async def read_rule(rule: UUID, caller: Reader, database: DatabaseOf) -> Response:
    """Seen by everybody once it was approved."""
    return Response(await service.read(database.pool, caller, rule), media_type=_JSON)


@router.post("/v1/rules/{rule}/decision", summary="Approve or reject rules", response_model=RuleAnswer)
async def decide_rule(rule: UUID, body: DecisionBody, caller: Actor, database: DatabaseOf) -> Response:
    """By an administrator or registrar who is not the one who proposed them."""
    decided = await service.decide(
        database, caller, rule, approve=body.decision == "approve", reason=body.reason
    )
    return Response(decided, media_type=_JSON)
