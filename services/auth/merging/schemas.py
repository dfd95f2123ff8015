"""Bodies of the merging interface."""

from datetime import date
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.auth.merging.rules import Conflict


class Merger(BaseModel):
    """The record that is to become an old id of the one in the address."""

    model_config = ConfigDict(extra="forbid")

    other: UUID


class Obstacle(BaseModel):
    """Something to be settled first, and how."""

    code: Conflict
    explanation: str


class Difference(BaseModel):
    """A fact that differs; the survivor's stays."""

    field: str
    survivor: str | date
    other: str | date


class Moves(BaseModel):
    """How much becomes the survivor's."""

    identifiers: int = Field(description="names that rosters have for the person")
    roles: int
    enrolments: int
    guardians: int
    children: int


class MergerPreview(BaseModel):
    """What a merge would do now; it is refused as long as anything is in `conflicts`."""

    survivor: UUID
    other: UUID
    conflicts: list[Obstacle]
    account: Literal["survivor", "other"] | None = Field(description="whose user name and password stay")
    username: str | None = Field(description="the user name that stays")
    released: str | None = Field(description="the user name that is given free")
    filled: list[str] = Field(description="facts that the survivor gets from the other")
    differing: list[Difference]
    moves: Moves
