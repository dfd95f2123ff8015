"""Answers of the routes of reconciliation."""

from datetime import datetime
from typing import Final
from uuid import UUID

from pydantic import BaseModel, Field

from libs.common.languages import Text


class Told(BaseModel):
    """What the bank answered to calls when they were made."""

    calls: int
    posted: int
    credits: str
    replayed: int
    conflicts: int
    refused: int


class Standing(BaseModel):
    """What the books say of these calls now: of the entries some were taken back, of these some replaced."""

    entries: int
    credits: str
    revoked: int
    revoked_credits: str
    corrected: int = Field(description="of the revoked, those that others stand in the place of")
    standing: int
    standing_credits: str


class Suspended(BaseModel):
    """What had to wait for its learner, and what became of it."""

    suspended: int
    waiting: int
    claimed: int
    refused: int
    withdrawn: int
    erased: int


class SchemeReconciliation(BaseModel):
    """One scheme's calls in a time: what was told then, and what stands now."""

    scheme: str
    told: Told
    books: Standing
    suspense: Suspended
    agrees: bool = Field(description="whether the books have what was told: as many entries and credits")


class Reconciliation(BaseModel):
    """What an institution was told, and what the books say."""

    institution: UUID
    since: datetime | None = Field(serialization_alias="from")
    until: datetime | None
    schemes: list[SchemeReconciliation]


class Call(BaseModel):
    """One call to post: what was told, and what stands of it."""

    batch: UUID
    file: UUID | None = Field(description="the file whose part it was")
    scheme: str
    recorded_at: datetime
    posted: int
    credits: str
    replayed: int
    conflicts: int
    refused: int
    claimed: int = Field(description="of the posted, those that had waited for their learners")
    entries: int
    revoked: int
    corrected: int
    standing: int
    standing_credits: str
    agrees: bool


class TrialLine(BaseModel):
    """What stands in one account of the books: on the institution's side negative, in its lots positive."""

    account: str
    credits: str


class SchemeTrialBalance(BaseModel):
    """The accounts of one scheme; they sum to nothing."""

    scheme: str
    lots: int
    accounts: list[TrialLine]
    sum: str
    balanced: bool


class TrialBalance(BaseModel):
    """The trial balance of what an institution issued, by scheme, summed up from the postings."""

    institution: UUID
    schemes: list[SchemeTrialBalance]


#: columns of calls as CSV
CALLS: Final = {
    "batch": Text("Call", "批次"),
    "file": Text("File", "文件"),
    "scheme": Text("Scheme", "学分体系"),
    "recorded_at": Text("Recorded at", "记账时间"),
    "posted": Text("Posted", "已记入"),
    "credits": Text("Credits posted", "记入学分"),
    "replayed": Text("Replayed", "重复"),
    "conflicts": Text("Conflicts", "冲突"),
    "refused": Text("Refused", "拒绝"),
    "claimed": Text("Claimed", "认领"),
    "entries": Text("Entries in the books", "账内分录"),
    "revoked": Text("Revoked", "已撤销"),
    "corrected": Text("Corrected", "已更正"),
    "standing": Text("Standing", "有效"),
    "standing_credits": Text("Credits standing", "有效学分"),
    "agrees": Text("Agrees", "相符"),
}
#: columns of a file's items as CSV
ITEMS: Final = {
    "number": Text("Number", "序号"),
    "line": Text("Line", "行号"),
    "key": Text("Key", "键"),
    "learner": Text("Learner", "学习者编号"),
    "learner_id": Text("Learner id", "学习者 id"),
    "course": Text("Course", "课程编号"),
    "course_id": Text("Course id", "课程 id"),
    "attempt": Text("Attempt", "修读"),
    "credits": Text("Credits", "学分"),
    "grade": Text("Grade", "成绩"),
    "earned_on": Text("Earned on", "获得日期"),
    "outcome": Text("Outcome", "当时结果"),
    "field": Text("Field at fault", "有误字段"),
    "reason": Text("Reason", "原因"),
    "suspense": Text("Suspense", "暂挂状态"),
    "entry": Text("Entry", "分录"),
    "stands": Text("Now", "现状"),
    "by": Text("By entry", "由分录"),
}
