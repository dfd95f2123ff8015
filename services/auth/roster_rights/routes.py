"""Roster rights over HTTP."""

from typing import Final
from uuid import UUID

from fastapi import APIRouter

from libs.common.database import Reading, Writing
from services.auth.callers import Manager
from services.auth.roster_rights import service
from services.auth.roster_rights.schemas import IdentityRight

router: Final = APIRouter(prefix="/v1/organisations/{organisation}/identity-right", tags=["rosters"])


@router.get("", response_model=IdentityRight, summary="Whether its rosters may say who somebody is")
async def read_identity_right(organisation: UUID, session: Reading, actor: Manager) -> IdentityRight:
    """For administrators in charge of the organisation."""
    found = await service.view(session, actor, organisation)
    return IdentityRight(held=found is not None, **(found or {"organisation": None, "granted_at": None}))


@router.put("", status_code=204, summary="Believe its rosters")
async def grant_identity_right(organisation: UUID, session: Writing, actor: Manager) -> None:
    """For administrators above the organisation. A userMasterIdentifier is one number on the whole platform:
    whoever may name people by it says which records are one person, so this is not for every school."""
    await service.grant(session, actor, organisation)


@router.delete("", status_code=204, summary="Believe its rosters no longer")
async def withdraw_identity_right(organisation: UUID, session: Writing, actor: Manager) -> None:
    """For administrators above the organisation; imports to come leave its userMasterIdentifiers out."""
    await service.withdraw(session, actor, organisation)
