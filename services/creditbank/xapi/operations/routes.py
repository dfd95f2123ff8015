"""What was done with an organisation's record store as a whole, over HTTP."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Query, Response

from libs.common.database import DatabaseOf
from libs.common.paging import Page, PagingOf
from services.creditbank.callers import Actor
from services.creditbank.xapi.operations import service
from services.creditbank.xapi.operations.schemas import Operation

router: Final = APIRouter(tags=["xapi operations"])


@router.get(
    "/v1/xapi-operations",
    response_model=Page[Operation],
    summary="What was done with an organisation's record store as a whole, newest first",
)
async def read_operations(
    caller: Actor, database: DatabaseOf, paging: PagingOf, organisation: Annotated[UUID, Query()]
) -> Response:
    """For administrators of the organisation or above it: operators' imports and exports, prunings, erasures.

    Who, when, by which filter and how many; never what was in the statements.
    """
    (before,) = paging.after(UUID) or (None,)
    return paging.answer(await service.listed(database.pool, caller, organisation, before, paging.limit + 1))
