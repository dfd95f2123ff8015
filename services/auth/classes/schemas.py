"""Bodies of the classes' interface."""

from datetime import date
from uuid import UUID

from pydantic import BaseModel

from services.auth.classes.rules import Status


class CourseName(BaseModel):
    """A course, named."""

    id: UUID
    title: str
    code: str | None


class Term(BaseModel):
    """An academic session in which a class runs."""

    id: UUID
    title: str
    type: str
    starts_on: date
    ends_on: date


class SchoolClass(BaseModel):
    """A class of a school; `members` counts the people in it."""

    id: UUID
    version: int
    status: Status
    title: str
    code: str | None
    type: str | None
    location: str | None
    school: UUID
    course: CourseName | None
    grades: list[str]
    subjects: list[str]
    periods: list[str]
    terms: list[Term]
    members: int
