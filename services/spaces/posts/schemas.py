"""Bodies of the posts' interface."""

import hashlib
from datetime import UTC, datetime
from typing import Annotated, Final, Self
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from libs.common.fields import Block, Line, fault
from services.spaces.posts.rules import (
    LONGEST_ADDRESS,
    MOST_LINKS,
    MOST_POINTS,
    Assignment,
    PostKind,
    is_web_address,
)
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


_HUNDREDTHS: Final = r"^(0|[1-9][0-9]{0,4})(\.[0-9]{1,2})?$"
#: points or a mark as decimal text
Points = Annotated[str, Field(pattern=_HUNDREDTHS, examples=["8.50"])]


def hundredths(points: str) -> int:
    """Points as a whole number of hundredths."""
    whole, _, part = points.partition(".")
    return int(whole) * 100 + int(f"{part}00"[:2])


#: a time of the product's own age, so that it is one in every zone
Moment = Annotated[
    AwareDatetime, Field(ge=datetime(2000, 1, 1, tzinfo=UTC), lt=datetime(2200, 1, 1, tzinfo=UTC))
]


class Dates(BaseModel):
    """Until when work is handed in. A date left out or null is none."""

    model_config = ConfigDict(extra="forbid")

    due_at: Moment | None = Field(default=None, description="what comes later is late")
    closes_at: Moment | None = Field(default=None, description="what comes later is not taken")

    @model_validator(mode="after")
    def close_after_due(self) -> Self:
        """Nothing closes before it is due."""
        if self.due_at is not None and self.closes_at is not None and self.closes_at < self.due_at:
            raise fault(
                "closes_before_due", "closes_at must not be before due_at", "closes_at 不得早于 due_at"
            )
        return self

    def in_utc(self) -> tuple[datetime | None, datetime | None]:
        """Both dates, however they were written."""
        due, closes = self.due_at, self.closes_at
        return due and due.astimezone(UTC), closes and closes.astimezone(UTC)


class AssignmentInput(Dates):
    """What makes a post homework."""

    points: Points | None = Field(default=None, description="the best mark; without it work is not marked")

    @model_validator(mode="after")
    def have_a_best_mark(self) -> Self:
        """Work that is marked can earn something."""
        if self.points is not None and not 1 <= hundredths(self.points) <= MOST_POINTS:
            raise fault(
                "points_out_of_range", "points must be from 0.01 to 10000", "分值须在 0.01 至 10000 之间"
            )
        return self

    def rules(self) -> Assignment:
        points = None if self.points is None else hundredths(self.points)
        return Assignment(*self.in_utc(), points)


class PostInput(BaseModel):
    """What to say."""

    model_config = ConfigDict(extra="forbid")

    kind: PostKind
    title: Line
    text: Block
    links: Links = []
    assignment: AssignmentInput | None = Field(default=None, description="of homework; may be left out there")

    @model_validator(mode="after")
    def assign_homework_only(self) -> Self:
        """Only homework is handed in."""
        if self.assignment is not None and self.kind != "homework":
            raise fault(
                "no_homework",
                "only a post of kind homework has an assignment",
                "只有类型为 homework 的内容可以布置作业",
            )
        return self

    def assigned(self) -> Assignment | None:
        """What is said of homework; None of everything else."""
        return (self.assignment or AssignmentInput()).rules() if self.kind == "homework" else None

    def digest(self, space: UUID) -> bytes:
        """SHA-256 of what is to be said and where: equal for equal requests."""
        told = self.model_dump_json(exclude=None if self.assignment else {"assignment"})
        return hashlib.sha256(space.bytes + told.encode()).digest()


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


class AssignmentAnswer(BaseModel):
    """Until when homework is handed in, and what it can earn."""

    due_at: datetime | None
    closes_at: datetime | None
    points: str | None = Field(examples=["10.00"])


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
    assignment: AssignmentAnswer | None = Field(description="of homework; null of everything else")
    read: bool = Field(description="whether the caller said that they have read it; one's own posts are read")


def assignment_answer(assignment: Assignment) -> AssignmentAnswer:
    """What is said of homework, as it will be read."""
    points = None if assignment.points is None else f"{assignment.points // 100}.{assignment.points % 100:02}"
    return AssignmentAnswer(due_at=assignment.due_at, closes_at=assignment.closes_at, points=points)
