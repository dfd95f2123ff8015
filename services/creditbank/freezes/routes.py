"""Freezing learners' accounts."""

from uuid import UUID

from fastapi import APIRouter, Response

from libs.common.database import DatabaseOf
from services.creditbank.callers import Actor
from services.creditbank.freezes import service
from services.creditbank.freezes.schemas import FreezeBody, Freezes

router = APIRouter(tags=["freezes"])


@router.post(
    "/v1/learners/{learner}/freezes",
    summary="Freeze a learner's accounts",
    response_model=Freezes,
    status_code=201,
)
async def freeze(learner: UUID, body: FreezeBody, caller: Actor, database: DatabaseOf) -> Response:
    """By an administrator of where the learner has a role, or above.

    Nothing is spent or set aside from then on. Credits still come in, expire, and come back from holds and
    redemptions that are taken back.
    """
    found = await service.begin(database, caller, learner, body.reason)
    return Response(_all(found), 201, media_type="application/json")


@router.post("/v1/learners/{learner}/freezes/{freeze}/end", summary="Lift a freeze", response_model=Freezes)
async def thaw(learner: UUID, freeze: UUID, caller: Actor, database: DatabaseOf) -> Response:
    """By another administrator than the one who froze. Other freezes of the learner stay."""
    found = await service.end(database, caller, learner, freeze)
    return Response(_all(found), media_type="application/json")


@router.get("/v1/learners/{learner}/freezes", summary="A learner's freezes", response_model=Freezes)
async def read_freezes(learner: UUID, caller: Actor, database: DatabaseOf) -> Response:
    """For those who may freeze."""
    return Response(
        _all(await service.freezes(database.pool, caller, learner)), media_type="application/json"
    )


def _all(items: bytes) -> bytes:
    return b'{"items":' + items + b"}"
