"""Bodies of the posts' interface."""

import hashlib
from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from libs.common.fields import Block, Line
from services.spaces.posts.rules import LONGEST_ADDRESS, MOST_LINKS, PostKind, is_web_address
from services.spaces.spaces.rules import Kind


def _web_address(value: str) -> str:
    if not is_web_address(value):
        raise PydanticCustomError("url_scheme", "must be an http or https address")
    return value


WebAddress = Annotated[str, Field(min_length=1, max_length=LONGEST_ADDRESS), AfterValidator(_web_address)]


class Link(BaseModel):
    """An address on the web, and what to call it."""

    model_config = ConfigDict(extra="forbid")

    url: WebAddress = Field(
        description="http or https, without a user name", examples=["https://example.org/a"]
    )
    title: Line | None = None


Links = Annotated[list[Link], Field(max_length=MOST_LINKS)]


class PostInput(BaseModel):
    """What to say."""

    model_config = ConfigDict(extra="forbid")

    kind: PostKind
    title: Line
    text: Block
    links: Links = []

    def digest(self, space: UUID) -> bytes:
        """SHA-256 of what is to be said and where: equal for equal requests."""
        return hashlib.sha256(space.bytes + self.model_dump_json().encode()).digest()


class PostPatch(BaseModel):
    """What to say instead; members left out stay as they are."""

    model_config = ConfigDict(extra="forbid")

    title: Line | None = None
    text: Block | None = None
    links: Links | None = None

    @model_validator(mode="after")
    def ask_for_something(self) -> Self:
        """An empty change is a mistake of the caller's, and so is a null."""
        given = [getattr(self, name) for name in self.model_fields_set]
        if not given or None in given:
            raise PydanticCustomError("nothing_to_change", "must name at least one member, and no nulls")
        return self


class SpaceReference(BaseModel):
    """The space something is in."""

    id: UUID
    kind: Kind
    title: str


class PersonReference(BaseModel):
    """A person; the name is null until the news of this person has arrived here."""

    id: UUID
    name: str | None


class AuthorReference(PersonReference):
    """Who wrote it."""

    former: bool = Field(description="the person is no more and has no name here: show a former member")


class LinkAnswer(BaseModel):
    """An address on the web, and what to call it."""

    url: str
    title: str | None


class PostAnswer(BaseModel):
    """A post."""

    id: UUID
    space: SpaceReference
    kind: PostKind
    title: str
    text: str
    links: list[LinkAnswer]
    author: AuthorReference
    recorded_at: datetime
    changed_at: datetime | None
