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
