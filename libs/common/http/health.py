"""Liveness and readiness: the first says that the process turns, the second that it can serve."""

import asyncio
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel

router = APIRouter(tags=["health"])
_PATIENCE_S = 2.0


class Live(BaseModel):
    """The process answers."""

    status: Literal["ok"]


class Ready(BaseModel):
    """Whether requests can be served now, and each part this depends on.

    `sources` says up to which time the events of each neighbour are known here; a neighbour that is
    silent does not make this service unready. `boot` tells one start of the process from another.
    """

    status: Literal["ready", "not ready"]
    boot: str
    parts: dict[str, bool]
    sources: dict[str, str | None]


@router.get("/health/live", summary="Does the process answer?")
async def live() -> Live:
    return Live(status="ok")


async def _parts(request: Request) -> dict[str, bool]:
    state = request.app.state

    async def holds(check: object) -> bool:
        try:
            await asyncio.wait_for(check, _PATIENCE_S)  # type: ignore[arg-type]
        except Exception:
            return False
        return True

    database, redis = await asyncio.gather(
        holds(state.database.pool.fetchval("select 1")), holds(state.redis.ping())
    )
    identity = state.identity
    return {
        "database": database,
        "redis": redis,
        "keys": identity.has_keys,
        "revocations": identity.revocations.is_known,
    }


@router.get(
    "/health/ready", summary="Can requests be served?", responses={503: {"model": Ready, "description": "No"}}
)
async def ready(
    request: Request, response: Response, parts: Annotated[dict[str, bool], Depends(_parts)]
) -> Ready:
    # Redis away is survived (events wait, the feed serves readers), so it is told but does not unready.
    serves = parts["database"] and parts["keys"] and parts["revocations"]
    response.status_code = 200 if serves else 503
    response.headers["Cache-Control"] = "no-store"
    sources = {inbox.source: inbox.as_of for inbox in request.app.state.inboxes}
    return Ready(
        status="ready" if serves else "not ready",
        boot=request.app.state.settings.boot_id,
        parts=parts,
        sources={name: time.isoformat() if time else None for name, time in sources.items()},
    )
