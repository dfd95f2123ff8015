"""The organisation tree over HTTP."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Response

from libs.common.database import DatabaseOf, Writing
from libs.common.identity import Caller, require
from libs.common.paging import Page, PagingOf
from services.auth.answers import answer, page_answer
from services.auth.authority import service as authority
from services.auth.callers import Manager, actor_of
from services.auth.organisations import repository, service
from services.auth.organisations.schemas import Move, NewOrganisation, Organisation, OrganisationChange

router: Final = APIRouter(prefix="/v1/organisations", tags=["organisations"])
AnyCaller = Annotated[Caller, Depends(require())]


@router.get("/{organisation}", response_model=Organisation, summary="An organisation")
async def read_organisation(organisation: UUID, database: DatabaseOf, caller: AnyCaller) -> Response:
    """Visible to everybody with a role at, above or below it."""
    await authority.require_visible(database.pool, actor_of(caller), organisation)
    return answer(await repository.view(database.pool, organisation))


@router.get("/{organisation}/children", response_model=Page[Organisation], summary="What is right below")
async def list_children(
    organisation: UUID, database: DatabaseOf, caller: AnyCaller, paging: PagingOf
) -> Response:
    """By name, those whose own address answers the caller too."""
    actor = actor_of(caller)
    await authority.require_visible(database.pool, actor, organisation)
    after = paging.after(str, UUID)
    rows = await repository.children(database.pool, actor, organisation, after, paging.limit + 1)
    return page_answer(rows, paging, key=lambda row: (row[1], row[2]))


@router.post("", status_code=201, response_model=Organisation, summary="Found an organisation")
async def create_organisation(body: NewOrganisation, session: Writing, actor: Manager) -> Organisation:
    """Below an organisation that the caller administers."""
    created = await service.create(
        session, actor, kind=body.type, name=body.name, parent=body.parent, identifier=body.identifier
    )
    return await _shown(session, created)


@router.patch("/{organisation}", response_model=Organisation, summary="Change facts by hand")
async def change_organisation(
    organisation: UUID, body: OrganisationChange, session: Writing, actor: Manager
) -> Organisation:
    """No import overwrites what is set here."""
    await service.change(session, actor, organisation, body.model_dump(exclude_unset=True))
    return await _shown(session, organisation)


@router.post("/{organisation}/move", response_model=Organisation, summary="Hang it below another parent")
async def move_organisation(organisation: UUID, body: Move, session: Writing, actor: Manager) -> Organisation:
    """With everything below it; the caller must be in charge of the old place and of the new one."""
    await service.move(session, actor, organisation, body.parent)
    return await _shown(session, organisation)


@router.post("/{organisation}/closure", response_model=Organisation, summary="Close it")
async def close_organisation(organisation: UUID, session: Writing, actor: Manager) -> Organisation:
    """Nothing is erased; what is below it must be closed before."""
    await service.close(session, actor, organisation)
    return await _shown(session, organisation)


async def _shown(session: Writing, organisation: UUID) -> Organisation:
    return Organisation.model_validate(await repository.facts(session, organisation))
