"""The applications a person uses, over HTTP."""

from typing import Final
from uuid import UUID

from fastapi import APIRouter, Response

from libs.common.database import DatabaseOf, Writing
from libs.common.paging import Page, PagingOf
from services.auth.answers import page_answer
from services.auth.applications import service
from services.auth.applications.schemas import Application
from services.auth.callers import AccountHolder, AccountHolderInPerson

router: Final = APIRouter(prefix="/v1/me/applications", tags=["applications"])


@router.get("", response_model=Page[Application], summary="Applications that may act for oneself")
async def list_applications(database: DatabaseOf, actor: AccountHolder, paging: PagingOf) -> Response:
    """Those the caller allowed something, and those of the platform that hold tokens for the caller."""
    assert actor.id is not None
    rows = await service.page_of(database.pool, actor.id, paging.after(UUID), paging.limit + 1)
    return page_answer(rows, paging, key=lambda row: (row[1],))


@router.delete("/{client}", status_code=204, summary="Withdraw what an application may do")
async def withdraw_application(client: UUID, session: Writing, actor: AccountHolderInPerson) -> None:
    """Its tokens for the caller end; to act again it has to ask again."""
    await service.withdraw(session, actor, client)
