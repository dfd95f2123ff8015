"""Institutions: their standing in the bank, and what they issued."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from libs.common.database import DatabaseOf
from libs.common.paging import Page, PagingOf, encode_cursor
from libs.common.problems import NotFound
from services.creditbank.callers import Actor, Reader
from services.creditbank.institutions import repository, service
from services.creditbank.institutions.rules import Standing
from services.creditbank.institutions.schemas import (
    InstitutionAnswer,
    InstitutionStanding,
    StandingAct,
    StandingChanged,
    Totals,
)

router = APIRouter(tags=["institutions"])


@router.get("/v1/institutions/{institution}/totals", summary="What it issued", response_model=Totals)
async def read_totals(institution: UUID, caller: Reader, database: DatabaseOf) -> Response:
    """Seen by clients of the institution's line, its administrators, registrars and auditors."""
    if not await service.may_oversee(database.pool, institution, caller):
        raise NotFound
    return Response(await repository.totals(database.pool, institution), media_type="application/json")


@router.get("/v1/institutions", summary="An institution and those below it")
async def read_institutions(
    caller: Reader,
    database: DatabaseOf,
    paging: PagingOf,
    under: Annotated[UUID, Query()],
    standing: Annotated[Standing | None, Query(description="for example those who applied")] = None,
) -> Page[InstitutionAnswer]:
    """Seen by clients of the line of `under`, its administrators, registrars and auditors."""
    (after,) = paging.after(UUID) or (None,)
    rows = await service.institutions_under(database.pool, caller, under, standing, after, paging.limit + 1)
    items = [InstitutionAnswer(**dict(row)) for row in rows[: paging.limit]]
    return paging.page(items, encode_cursor(items[-1].id) if len(rows) > len(items) else None)


@router.get("/v1/institutions/{institution}/standing", summary="Whether it may post, and since when")
async def read_standing(institution: UUID, caller: Reader, database: DatabaseOf) -> InstitutionStanding:
    """Seen by clients of the institution's line, its administrators, registrars and auditors."""
    found, changes = await service.standing_of(database.pool, caller, institution)
    return InstitutionStanding(**dict(found), changes=[StandingChanged(**dict(one)) for one in changes])


@router.post("/v1/institutions/{institution}/standing", summary="Apply, review, register, suspend, withdraw")
async def change_standing(
    institution: UUID, body: StandingAct, caller: Actor, database: DatabaseOf
) -> InstitutionStanding:
    """Its own administrators and registrars apply and withdraw; those above it take the other steps.

    Whoever applied does not review, whoever reviewed does not register, whoever suspended does not reinstate.
    """
    await service.change_standing(database, caller, institution, body.act, body.reason)
    found, changes = await service.standing_of(database.pool, caller, institution)
    return InstitutionStanding(**dict(found), changes=[StandingChanged(**dict(one)) for one in changes])
