"""The body of a coverage report."""

from uuid import UUID

from pydantic import BaseModel, Field

from services.spaces.sources import Sources


class Coverage(BaseModel):
    """What of an organisation, and of all organisations beneath it, has arrived here and has its space."""

    organisation: UUID
    people: int = Field(description="people who hold a role there")
    people_with_space: int
    students: int = Field(description="those of them who are students")
    classes: int
    classes_with_space: int
    class_members: int = Field(
        description="places in those classes, each person and role counted once a class"
    )
    sources: Sources
