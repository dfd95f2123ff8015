"""Profiles of files that institutions store."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Query, Response

from libs.common.database import DatabaseOf
from libs.common.fields import Key
from libs.common.paging import Page, PagingOf
from services.creditbank.callers import Corrector, Reader
from services.creditbank.profiles import service
from services.creditbank.profiles.schemas import ProfileAnswer, ProfileBody

router = APIRouter(prefix="/v1/posting-profiles", tags=["posting profiles"])
_JSON: Final = "application/json"


@router.post("", summary="Store a profile of files", status_code=201, response_model=ProfileAnswer)
async def store_profile(body: ProfileBody, caller: Corrector, database: DatabaseOf) -> Response:
    """A further version, by a client of the institution's line, its registrars or administrators.

    Files name it by its code. Sent again as it is, it stays one version.
    """
    kept = await service.store(database, caller, body.institution, body.code, body.document)
    return Response(kept, status_code=201, media_type=_JSON)


@router.get("", summary="An institution's profiles", response_model=Page[ProfileAnswer])
async def read_profiles(
    caller: Reader,
    database: DatabaseOf,
    paging: PagingOf,
    institution: Annotated[UUID, Query()],
    code: Annotated[Key | None, Query(description="only versions of this one")] = None,
) -> Response:
    """All versions, the newest first. Seen by clients of the line and by who oversees the institution."""
    after = paging.after(UUID)
    before = after[0] if after else None
    return paging.answer(
        await service.page(database.pool, caller, institution, code, before, paging.limit + 1)
    )


@router.get("/{profile}", summary="One version of a profile", response_model=ProfileAnswer)
async def read_profile(profile: UUID, caller: Reader, database: DatabaseOf) -> Response:
    """Seen by the same."""
    return Response(await service.read(database.pool, caller, profile), media_type=_JSON)


@router.post("/{profile}/withdrawal", summary="Read no new file by it", response_model=ProfileAnswer)
async def withdraw_profile(profile: UUID, caller: Corrector, database: DatabaseOf) -> Response:
    """By those who may store one. Of its versions the newest that is not withdrawn counts again."""
    return Response(await service.withdraw(database.pool, caller, profile), media_type=_JSON)
