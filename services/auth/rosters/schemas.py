"""Bodies of the roster imports' interface."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, Field

from services.auth.rosters.rules import ImportState


class KindCounts(BaseModel):
    """What became of the rows of one kind.

    kept: ended by hand; ignored: roles that are none in a class, guardians of another roster's children.
    """

    new: int
    changed: int
    unchanged: int
    closed: int
    kept: int
    ignored: int


class FindingCounts(BaseModel):
    """How many findings there are; errors refuse the set."""

    errors: int
    warnings: int
    notes: int
    codes: dict[str, int]


class RosterImport(BaseModel):
    """An import, as far as it is.

    applied: the set is loaded (or would be, in a dry run); unchanged: it said nothing new; refused: see the
    findings, nothing was changed; failed: its workers died, ask again.
    """

    id: UUID
    organisation: UUID
    source: str = Field(description="the system the set comes from, by the name the organisation gave it")
    state: ImportState
    stage: str | None = Field(description="the file being read or the step being taken")
    done: int = Field(description="of `total`: bytes while reading, steps or events after that")
    total: int
    dry_run: bool
    allow_large_closure: bool
    file_name: str
    size_bytes: int
    dialect: Literal["oneroster-1.1", "oneroster-1.2", "sds-2.1"] | None
    counts: dict[str, KindCounts] = Field(description="by kind: organisations, people, enrolments and so on")
    findings: FindingCounts
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None


class RosterFinding(BaseModel):
    """One thing said about a place in a set."""

    position: int
    severity: Literal["error", "warning", "note"]
    code: str
    file: str | None
    row: int | None = Field(description="the line on which the row begins; the header is line 1")
    field: str | None
    value: str | None = Field(description="what stands there, shortened")
    message: str
