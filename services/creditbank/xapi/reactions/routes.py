"""What rules make of statements, over HTTP; the rules themselves are proposed and approved at /v1/rules."""

from typing import Annotated, Final
from uuid import UUID

import orjson
from fastapi import APIRouter, Depends, Query, Request, Response

from libs.common.database import DatabaseOf
from libs.common.paging import Page, PagingOf
from services.creditbank.callers import Actor, Learner, Reader
from services.creditbank.xapi.reactions import service
from services.creditbank.xapi.reactions.reacting import Reactor
from services.creditbank.xapi.reactions.schemas import (
    Claim,
    Reaction,
    ReactionStatus,
    ShownClaim,
    State,
    TrialAnswer,
)

router: Final = APIRouter(tags=["xapi reactions"])
_JSON: Final = "application/json"
_NO_STORE: Final = {"Cache-Control": "no-store"}


async def _reactor(request: Request) -> Reactor:
    found: Reactor = request.app.state.reactor
    return found


ReactorOf = Annotated[Reactor, Depends(_reactor)]


@router.get(
    "/v1/xapi-reactions", response_model=Page[Reaction], summary="Rules that turn statements into credits"
)
async def read_reactions(
    caller: Reader, database: DatabaseOf, paging: PagingOf, institution: Annotated[UUID, Query()]
) -> Response:
    """Approved versions, the newest first, and how far they are.

    Seen by clients of the institution's line, its administrators, registrars and auditors.
    """
    (before,) = paging.after(UUID) or (None,)
    rows = await service.reactions_of(database.pool, caller, institution, before, paging.limit + 1)
    return paging.answer(rows, headers=_NO_STORE)


@router.patch("/v1/xapi-reactions/{rule}", response_model=Reaction, summary="Pause or resume a rule")
async def change_reaction(rule: UUID, body: ReactionStatus, caller: Actor, database: DatabaseOf) -> Response:
    """By an administrator or registrar, alone; in all its versions.

    What is stored while it is paused is looked at when it goes on.
    """
    return Response(await service.change(database, caller, rule, body.status), media_type=_JSON)


@router.post(
    "/v1/xapi-reactions/{rule}/trial", response_model=TrialAnswer, summary="Try a rule without effect"
)
async def try_reaction(rule: UUID, caller: Actor, database: DatabaseOf, reactor: ReactorOf) -> Response:
    """What a version, a draft too, would do with what is stored now; nothing of it is done.

    For those who may approve it. It looks at 5,000 statements or some more.
    """
    found = await service.trial(database, reactor, caller, rule)
    told = {name: getattr(found, name) for name in ("complete", "looked_at", "unknown", "claims")}
    items = b"[" + b",".join(found.items) + b"]"
    return Response(
        orjson.dumps({**told, "items": orjson.Fragment(items)}), headers=_NO_STORE, media_type=_JSON
    )


@router.get(
    "/v1/institutions/{institution}/claims", response_model=Page[Claim], summary="Claims by statements"
)
async def read_claims(
    institution: UUID,
    caller: Reader,
    database: DatabaseOf,
    paging: PagingOf,
    rule: Annotated[UUID | None, Query(description="made by this version")] = None,
    state: Annotated[State | None, Query()] = None,
    entry: Annotated[UUID | None, Query(description="posted as this entry, or held up by it")] = None,
    voided: Annotated[bool | None, Query(description="whether one of their statements was voided")] = None,
) -> Response:
    """What rules claimed, what became of it, and by which statements; the newest first.

    Seen by clients of the institution's line, its administrators, registrars and auditors. What the
    statements say is read from the record store, by who may.
    """
    (before,) = paging.after(UUID) or (None,)
    rows = await service.claims_of(
        database.pool,
        caller,
        institution,
        rule=rule,
        state=state,
        entry=entry,
        is_voided=voided,
        before=before,
        limit=paging.limit + 1,
    )
    return paging.answer(rows, headers=_NO_STORE)


@router.post("/v1/claims/{claim}/retry", response_model=Claim, status_code=202, summary="Try a claim again")
async def retry_claim(claim: UUID, caller: Actor, database: DatabaseOf) -> Response:
    """One that was refused or waits, when what stood in the way is gone; by an administrator or registrar."""
    return Response(await service.try_again(database, caller, claim), status_code=202, media_type=_JSON)


@router.get(
    "/v1/learners/{learner}/entries/{entry}/evidence",
    response_model=ShownClaim,
    summary="Statements by which credits were posted",
)
async def read_evidence(learner: UUID, entry: UUID, caller: Learner, database: DatabaseOf) -> Response:
    """For the learner; for guardians, of a child under 14 by consent."""
    found = await service.evidence(database.pool, caller, learner, entry)
    return Response(found, headers=_NO_STORE, media_type=_JSON)
