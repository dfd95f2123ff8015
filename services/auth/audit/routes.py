"""Reading the audit: administrators their part of the tree, everybody what concerns them."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Query, Response

from libs.common.database import DatabaseOf
from libs.common.paging import Page, PagingOf
from services.auth.answers import page_answer
from services.auth.audit import repository
from services.auth.audit.schemas import AuditEntry
from services.auth.authority import service as authority
from services.auth.callers import AccountHolder

router: Final = APIRouter(tags=["audit"])
_NEWEST: Final = 2**63 - 1


@router.get("/v1/audit", response_model=Page[AuditEntry], summary="What was done, newest first")
async def read_audit(
    database: DatabaseOf,
    actor: AccountHolder,
    paging: PagingOf,
    organisation: Annotated[
        UUID | None, Query(description="for its administrators; without it: what concerns oneself")
    ] = None,
) -> Response:
    """Entries of an organisation and all below it for its administrators, or those about the caller."""
    (before,) = paging.after(int) or (_NEWEST,)
    if organisation is None:
        assert actor.id is not None
        rows = await repository.page_of_person(database.pool, actor.id, before, paging.limit + 1)
    else:
        await authority.require_charge(database.pool, actor, organisation)
        rows = await repository.page_of_organisation(database.pool, organisation, before, paging.limit + 1)
    return page_answer(rows, paging, key=lambda row: (row[1],))
