"""People and roles over HTTP."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Query, Response

from libs.common.database import DatabaseOf, Writing
from libs.common.fields import Key
from libs.common.paging import Page, PagingOf
from services.auth.answers import answer, page_answer
from services.auth.authority import service as authority
from services.auth.callers import AccountHolder, AccountHolderInPerson, Manager, Reader
from services.auth.merging import service as merging
from services.auth.people import repository, service
from services.auth.people.rules import Role
from services.auth.people.schemas import (
    ActiveRoleWish,
    GivenRole,
    ListedPerson,
    Me,
    NewPerson,
    NewRole,
    Person,
    PersonChange,
)

router: Final = APIRouter(prefix="/v1", tags=["people"])


@router.get("/me", response_model=Me, summary="Oneself")
async def read_me(database: DatabaseOf, actor: AccountHolder) -> Response:
    """Names, roles, guardians and children of the signed-in person, and which role is active."""
    assert actor.id is not None
    return answer(await repository.view_oneself(database.pool, actor.id, actor.session))


@router.put("/me/active-role", status_code=204, summary="Act in another of one's roles")
async def choose_active_role(body: ActiveRoleWish, session: Writing, actor: AccountHolderInPerson) -> None:
    """For the rest of this sign-in: tokens given from now on say so. It gives no right and takes none."""
    await service.choose_role(session, actor, body.role)


@router.get("/people/{person}", response_model=Person, summary="A person")
async def read_person(person: UUID, database: DatabaseOf, actor: Reader) -> Response:
    """For the person, the guardians, and those who read people where the person has a role.

    By the old id of a merged record one gets the record it was merged into.
    """
    person = await merging.survivor_of(database.pool, person) or person
    standing = await authority.require_reading_person(database.pool, actor, person)
    private = standing.myself or standing.my_child or standing.in_charge
    return answer(await repository.view(database.pool, person, private=private))


@router.patch("/people/{person}", response_model=Person, summary="Change facts by hand")
async def change_person(person: UUID, body: PersonChange, session: Writing, actor: Manager) -> Response:
    """For administrators in charge wherever the person works; no import overwrites what is set here."""
    await service.change(session, actor, person, body.model_dump(exclude_unset=True))
    return answer(await repository.view_within(session, person))


@router.get(
    "/organisations/{organisation}/people", response_model=Page[ListedPerson], summary="Who belongs to it"
)
async def list_people(
    organisation: UUID,
    database: DatabaseOf,
    actor: Reader,
    paging: PagingOf,
    role: Annotated[Role | None, Query(description="only those with this role here")] = None,
    sourced_id: Annotated[
        Key | None, Query(description="the person a roster of this organisation knows by its own id")
    ] = None,
) -> Response:
    """By family and given name; for teachers, staff and administrators at or above the organisation.

    With `sourced_id` the whole part of the tree below the organisation is looked at, on one page.
    """
    await authority.require_reading(database.pool, actor, organisation)
    if sourced_id is not None:
        found = await repository.people_of_roster(database.pool, organisation, sourced_id, role, paging.limit)
        return page_answer(found, paging, key=lambda row: (row[1], row[2]))
    after = paging.after(str, UUID)
    rows = await repository.people_of(database.pool, organisation, role, after, paging.limit + 1)
    return page_answer(rows, paging, key=lambda row: (row[1], row[2]))


@router.post(
    "/organisations/{organisation}/people",
    status_code=201,
    response_model=Person,
    summary="Enter a person by hand",
)
async def create_person(organisation: UUID, body: NewPerson, session: Writing, actor: Manager) -> Response:
    """For administrators in charge; the account follows by activation code."""
    fields = body.model_dump(exclude_unset=True, exclude={"role"})
    person = await service.create(session, actor, organisation=organisation, role=body.role, fields=fields)
    return answer(await repository.view_within(session, person), status=201)


@router.post("/roles", status_code=201, response_model=GivenRole, summary="Give a role")
async def grant_role(body: NewRole, session: Writing, actor: Manager) -> GivenRole:
    """In an organisation the caller administers, to a person of the caller's part of the tree."""
    role = await service.grant(
        session,
        actor,
        person=body.person,
        organisation=body.organisation,
        role=body.role,
        is_primary=body.primary,
        begins_on=body.from_,
        ends_on=body.to,
    )
    return GivenRole(id=role)


@router.delete("/roles/{role}", status_code=204, summary="End a role")
async def end_role(role: UUID, session: Writing, actor: Manager) -> None:
    """For good: no import opens again what was ended here."""
    await service.end_role(session, actor, role)
