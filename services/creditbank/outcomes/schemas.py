"""Bodies of the routes of outcomes."""

from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from libs.common.fields import Key, Line


class NamedCourse(BaseModel):
    """What credits are for; title and code are null while the bank has not heard of it."""

    id: UUID
    title: str | None
    code: str | None


class Relations(BaseModel):
    """How an outcome stands to others."""

    model_config = ConfigDict(extra="forbid")

    equivalence_group: UUID | None = Field(description="of the outcomes of a group only one counts")
    parent: UUID | None = Field(description="counts instead of its parts, never beside them")


class NewOutcome(BaseModel):
    """A unit or certificate of the bank's own; courses come from the identity provider."""

    model_config = ConfigDict(extra="forbid")

    organisation: UUID
    kind: Literal["unit", "certificate"]
    title: Line
    code: Key | None = None
    sourced_id: Key | None = Field(default=None, description="by which postings may name it")
    equivalence_group: UUID | None = None
    parent: UUID | None = None


class OutcomeAnswer(BaseModel):
    """What credits are given for."""

    id: UUID
    kind: Literal["course", "unit", "certificate"]
    title: str
    code: str | None
    organisation: UUID
    sourced_id: str | None
    status: Literal["active", "closed"]
    equivalence_group: UUID | None
    parent: UUID | None
