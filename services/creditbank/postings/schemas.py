"""Answers of the routes of postings."""

from datetime import date, datetime
from typing import Final, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from libs.common.languages import Text
from services.creditbank.outcomes.schemas import NamedCourse


class Posting(BaseModel):
    """Credits an institution posted, and what became of the posting."""

    entry: UUID
    batch: UUID = Field(description="the call that posted it, or the move it came by")
    kind: Literal["deposit", "arrival"] = Field(description="an arrival was posted at another bank node")
    learner: UUID
    scheme: str
    course: NamedCourse
    attempt: str | None
    credits: str
    grade: str | None
    earned_on: date
    expires_on: date | None
    recorded_at: datetime
    reversed_by: UUID | None = Field(description="the entry that took it back")
    reversed_at: datetime | None
    replaced_by: UUID | None = Field(description="the entry that stands in its place, if it was corrected")


#: columns of postings as CSV
COLUMNS: Final = {
    "learner": Text("Learner", "学习者"),
    "entry": Text("Entry", "分录"),
    "batch": Text("Call", "批次"),
    "kind": Text("Kind", "类型"),
    "scheme": Text("Scheme", "学分体系"),
    "course": Text("Course id", "课程 id"),
    "course_title": Text("Course", "课程"),
    "course_code": Text("Course code", "课程代码"),
    "attempt": Text("Attempt", "修读"),
    "credits": Text("Credits", "学分"),
    "grade": Text("Grade", "成绩"),
    "earned_on": Text("Earned on", "获得日期"),
    "expires_on": Text("Expires on", "到期日期"),
    "recorded_at": Text("Recorded at", "记账时间"),
    "reversed_by": Text("Reversed by", "冲销分录"),
    "reversed_at": Text("Reversed at", "冲销时间"),
    "replaced_by": Text("Replaced by", "更正分录"),
}
