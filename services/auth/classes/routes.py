"""Classes over HTTP."""

from typing import Final
from uuid import UUID

from fastapi import APIRouter, Response

from libs.common.database import DatabaseOf
from libs.common.paging import Page, PagingOf
from services.auth.answers import page_answer
from services.auth.authority import service as authority
from services.auth.callers import Reader
from services.auth.classes import repository
from services.auth.classes.schemas import SchoolClass

router: Final = APIRouter(prefix="/v1", tags=["classes"])


@router.get(
    "/organisations/{organisation}/classes", response_model=Page[SchoolClass], summary="A school's classes"
)
async def list_classes(organisation: UUID, database: DatabaseOf, actor: Reader, paging: PagingOf) -> Response:
    """By title; for everybody with a role at, above or below the school."""
    await authority.require_visible(database.pool, actor, organisation)
    after = paging.after(str, UUID)
    rows = await repository.classes_of(database.pool, organisation, after, paging.limit + 1)
    return page_answer(rows, paging, key=lambda row: (row[1], row[2]))
