"""Bodies of the routes of files of credits."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from libs.common.fields import Line
from services.creditbank.files.rules import Outcome, State


class PostingFile(BaseModel):
    """A file of credits, as far as it is.

    queued, reading: its rows are made items; judging: each is asked whether it could be posted;
    awaiting_approval: somebody else must decide; posting; posted: the end, see the items; judged: the end of
    a dry run; refused: nothing was posted, or nothing more (`refusal`); rejected: by the checker; failed: its
    workers died, send it again: what was posted is only told again.
    """

    id: UUID
    institution: UUID
    scheme: str
    profile: str
    stored_profile: UUID | None = Field(
        description="the version of the institution's own profile, if it is one"
    )
    state: State
    refusal: str | None = Field(description="why the whole file was refused; `message` says it in words")
    message: str | None
    line: int | None = Field(description="where in the file that shows")
    done: int = Field(description="of `total`: bytes while reading, items after that")
    total: int
    atomic: bool
    dry_run: bool
    suspends: bool
    needs_approval: bool
    file_name: str
    size_bytes: int
    items: int
    accepted: int = Field(description="could be posted: in a dry run, or where one refused item stopped all")
    posted: int
    replayed: int
    conflicts: int
    refused: int
    suspended: int = Field(description="wait for their learners, or waited: see the items")
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    decided_by: UUID | None
    decided_at: datetime | None
    decision_reason: str | None


class ItemReference(BaseModel):
    """As the file named it."""

    id: UUID | None
    sourced_id: str | None


class PostingItem(BaseModel):
    """One item of a file and what became of it; no outcome while it was not its turn yet."""

    number: int
    line: int = Field(description="the line of the file on which its row begins; the first is 1")
    key: str | None
    learner: ItemReference = Field(description="emptied when the learner is erased")
    course: ItemReference
    attempt: str | None
    credits: str | None
    grade: str | None
    earned_on: date | None
    outcome: Outcome | None
    reason: str | None
    field: str | None = Field(description="the column or member that is at fault")
    message: str | None = Field(description="the reason in words")
    entry: UUID | None


class Decision(BaseModel):
    """What a second person decides on a file. A rejection gives its reason."""

    model_config = ConfigDict(extra="forbid")

    decision: Literal["approved", "rejected"]
    reason: Line | None = None

    @model_validator(mode="after")
    def say_why(self) -> "Decision":
        if self.decision == "rejected" and self.reason is None:
            raise PydanticCustomError("reason_needed", "needs a reason")
        return self
