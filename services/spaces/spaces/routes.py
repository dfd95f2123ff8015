"""Reading spaces and who is in them."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Query

from libs.common.database import DatabaseOf
from libs.common.paging import Page, PagingOf, encode_cursor
from services.spaces.callers import Reader
from services.spaces.lives import service as lives
from services.spaces.memberships.rules import Role
from services.spaces.people.problems import NotYetKnown
from services.spaces.spaces import repository, service
from services.spaces.spaces.problems import MembersHidden, RoleNotHeld
from services.spaces.spaces.schemas import MemberAnswer, SpaceAnswer, View, space_answer

router: Final = APIRouter(tags=["spaces"])
_NIL: Final = UUID(int=0)


@router.get("/v1/me/spaces", summary="My spaces")
async def read_my_spaces(
    database: DatabaseOf, caller: Reader, paging: PagingOf, view: View = None
) -> Page[SpaceAnswer]:
    """Every space the caller may read: the own one, classes, schools, regions, and closed ones last."""
    after = paging.after(int, UUID)
    begin = (after[0], after[1]) if after else (0, _NIL)
    rows = await repository.page_of_person(database.pool, caller, view, begin, paging.limit + 1)
    if not rows and (present := await lives.after_merges(database.pool, caller)):
        (caller,) = present
        rows = await repository.page_of_person(database.pool, caller, view, begin, paging.limit + 1)
    shown = rows[: paging.limit]
    if after is None and not (rows and rows[0]["id"] == caller):
        raise NotYetKnown
    if after is None and view is not None and not shown[0]["roles"]:
        raise RoleNotHeld(view=view)
    cursor = encode_cursor(shown[-1]["place"], shown[-1]["id"]) if len(rows) > len(shown) else None
    return paging.page([space_answer(service.place_of(row, caller)) for row in shown], cursor)


@router.get("/v1/spaces/{space}", summary="One space")
async def read_space(database: DatabaseOf, caller: Reader, space: UUID, view: View = None) -> SpaceAnswer:
    """The space, if the caller belongs to it or a child of the caller does."""
    return space_answer(await service.enter(database.pool, caller, space, view))


@router.get("/v1/spaces/{space}/members", summary="Who is in a space")
async def read_members(
    database: DatabaseOf,
    caller: Reader,
    space: UUID,
    paging: PagingOf,
    role: Annotated[Role | None, Query(description="members in this role only")] = None,
    view: View = None,
) -> Page[MemberAnswer]:
    """The members by role: of a class for its members, of a school or region for those who work there."""
    place = await service.enter(database.pool, caller, space, view)
    if not place.rights.see_members:
        raise MembersHidden
    if place.kind == "personal":
        return paging.page([_owner(place)], None)
    after = paging.after(str, UUID)
    rows = await repository.page_of_members(
        database.pool, place.id, role, (after[0], after[1]) if after else ("", _NIL), paging.limit + 1
    )
    shown = rows[: paging.limit]
    cursor = encode_cursor(shown[-1]["role"], shown[-1]["person"]) if len(rows) > len(shown) else None
    return paging.page(
        [
            MemberAnswer(
                person=row["person"],
                name=row["name"],
                role=row["role"],
                primary=row["is_primary"],
                begins_on=row["begins_on"],
                ends_on=row["ends_on"],
            )
            for row in shown
        ],
        cursor,
    )


def _owner(place: service.Place) -> MemberAnswer:
    return MemberAnswer(
        person=place.id, name=place.title, role="owner", primary=True, begins_on=None, ends_on=None
    )
