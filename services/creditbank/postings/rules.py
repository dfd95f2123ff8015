"""What an institution looks for among its own postings."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID


class Place(NamedTuple):
    """Where a posting stands in time: when it was recorded, in which call, and its own id."""

    recorded_at: datetime
    batch: UUID
    id: UUID


class BookPlace(NamedTuple):
    """Where a posting stands in the books: those of one attempt are read in this order."""

    learner: int
    scheme: int
    number: int


@dataclass(frozen=True, slots=True)
class Sought:
    """What postings must have; what is None does not matter."""

    key: str | None = None
    attempt: str | None = None
    batch: UUID | None = None
    learner: UUID | None = None
    learner_sourced_id: str | None = None
    course: UUID | None = None
    course_sourced_id: str | None = None
    scheme: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    is_reversed: bool | None = None

    @property
    def by_attempt(self) -> bool:
        """Whether only the attempt says where to look."""
        narrower = (self.key, self.batch, self.learner, self.learner_sourced_id)
        return self.attempt is not None and all(one is None for one in narrower)
