"""Bodies of the spaces' interface."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, Field

from services.spaces.memberships.rules import Role
from services.spaces.spaces.rules import Kind
from services.spaces.spaces.service import Place

#: the role a person has chosen to act in; what they may do follows it
View = Annotated[
    Role | None, Query(description="act in this one of your roles only; without it: in all of them")
]


class May(BaseModel):
    """What the caller may do in a space."""

    read: bool
    post: bool
    see_members: bool


class SpaceAnswer(BaseModel):
    """A space as the caller sees it."""

    id: UUID = Field(description="also the id of the person, class or organisation whose space it is")
    kind: Kind
    title: str
    status: Literal["active", "closed"] = Field(description="a closed space stays as it is, readable")
    roles: list[Role] = Field(
        description="the caller's roles here; in the own space: all views to choose from"
    )
    may: May


class MemberAnswer(BaseModel):
    """Somebody in a space. The name is null until the news of this person has arrived here."""

    person: UUID
    name: str | None
    role: Role | Literal["owner"]
    primary: bool
    begins_on: date | None
    ends_on: date | None


def space_answer(place: Place) -> SpaceAnswer:
    """The wire form of a place."""
    return SpaceAnswer.model_validate(
        {
            "id": place.id,
            "kind": place.kind,
            "title": place.title,
            "status": place.status,
            "roles": place.roles,
            "may": {
                "read": place.rights.read,
                "post": place.rights.post,
                "see_members": place.rights.see_members,
            },
        }
    )
