"""The rights of organisations' clients over HTTP."""

from typing import Final
from uuid import UUID

from fastapi import APIRouter

from libs.common.database import DatabaseOf, Writing
from services.auth.callers import Manager
from services.auth.rights import service
from services.auth.rights.schemas import Rights, RightsDecision

router: Final = APIRouter(prefix="/v1/organisations", tags=["clients"])


@router.get("/{organisation}/client-rights", response_model=Rights, summary="What its clients may hold")
async def read_client_rights(organisation: UUID, database: DatabaseOf, actor: Manager) -> Rights:
    """For administrators of the organisation."""
    return _shown(organisation, await service.show(database.pool, actor, organisation))


@router.put(
    "/{organisation}/client-rights", response_model=Rights, summary="Decide what its clients may hold"
)
async def decide_client_rights(
    organisation: UUID, body: RightsDecision, session: Writing, actor: Manager
) -> Rights:
    """For administrators above it; what is withdrawn is missing from the next token of every client."""
    return _shown(organisation, await service.decide(session, actor, organisation, body.scopes))


def _shown(organisation: UUID, rights: service.Decided) -> Rights:
    return Rights(
        organisation=organisation,
        scopes=sorted(rights.scopes),
        decided=None if rights.decided is None else sorted(rights.decided),
        possible=sorted(rights.possible),
    )
