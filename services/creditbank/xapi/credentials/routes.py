"""An organisation's basic credentials over HTTP."""

from typing import Annotated, Final
from uuid import UUID

import orjson
from fastapi import APIRouter, Query, Request, Response

from libs.common.database import DatabaseOf
from libs.common.paging import Page, PagingOf
from services.creditbank.callers import Actor
from services.creditbank.xapi.credentials import service
from services.creditbank.xapi.credentials.schemas import Credential, IssuedCredential, NewCredential

router: Final = APIRouter(prefix="/v1/xapi-credentials", tags=["xapi credentials"])


@router.post("", status_code=201, response_model=IssuedCredential, summary="Issue a credential")
async def issue_credential(body: NewCredential, caller: Actor, database: DatabaseOf) -> Response:
    """For administrators of the organisation or above it. The password is in this answer and nowhere else.

    Everything sent with it is of this organisation alone, and vouched for by it.
    """
    shown, password = await service.issue(
        database,
        caller,
        body.organisation,
        name=body.name,
        scopes=body.scopes,
        expires_at=body.expires_at,
    )
    content = shown.rstrip()[:-1] + b', "password": ' + orjson.dumps(password) + b"}"
    return Response(content, 201, {"Cache-Control": "no-store"}, "application/json")


@router.get("", response_model=Page[Credential], summary="An organisation's credentials, newest first")
async def read_credentials(
    caller: Actor, database: DatabaseOf, paging: PagingOf, organisation: Annotated[UUID, Query()]
) -> Response:
    """For administrators of the organisation or above it; with who issued them, and who ended some."""
    (before,) = paging.after(UUID) or (None,)
    return paging.answer(await service.listed(database.pool, caller, organisation, before, paging.limit + 1))


@router.delete("/{credential}", response_model=Credential, summary="Revoke a credential")
async def revoke_credential(
    credential: UUID, request: Request, caller: Actor, database: DatabaseOf
) -> Response:
    """It is refused from now on, by other processes too: within a second even while Redis is away."""
    shown = await service.revoke(database, caller, credential)
    await request.app.state.doorkeeper.revoked(credential)
    return Response(shown, media_type="application/json")
