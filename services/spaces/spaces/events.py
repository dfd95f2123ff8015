"""What events of several slices tell of the space that something happened in."""

from uuid import UUID

from pydantic import BaseModel, ConfigDict

from services.spaces.spaces.rules import Kind


class ToldSpace(BaseModel):
    """A space; `organisation` is the school of a class, or the organisation whose space it is."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: UUID
    kind: Kind
    title: str
    organisation: UUID
    course: UUID | None
    subjects: list[str]
    grades: list[str]
