"""Answers of the statement routes."""

from datetime import date, datetime
from typing import Annotated, Final, Literal
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, Field

from libs.common.languages import Text
from services.creditbank.accounts.schemas import BookLine, Movement, OfInstitution
from services.creditbank.times import Day, Moment

Axis = Literal["recorded", "effective"]
RecordedAt = Annotated[
    Moment | None,
    Query(description="as the bank knew it at this time (RFC 3339); now, unless said"),
]
EffectiveAt = Annotated[
    Day | None,
    Query(description="only what was in force on this day: a date, or a time whose day in UTC is meant"),
]


class Parts(BaseModel):
    """So much was in each state; amounts as decimal text."""

    provisional: str
    available: str
    held: str
    redeemed: str
    converted: str
    expired: str
    revoked: str
    moved: str = Field(description="what left with the learner for another bank node")


class Balance(Parts):
    """What one scheme's accounts held, merged books included."""

    scheme: str
    entries: int = Field(description="how many of them count")
    head: str | None = Field(
        description="commitment of the own book's newest entry then, in hexadecimal; null if only days count"
    )
    institutions: list[OfInstitution]


class Balances(BaseModel):
    """What a learner had, rebuilt from the entries."""

    learner: UUID
    recorded_at: datetime
    effective_on: date | None
    frozen: bool = Field(description="whether nothing could be spent")
    accounts: list[Balance]


class StatementLine(BookLine):
    """One entry, and what there was after it."""

    effective_on: date
    in_force_on: date = Field(description="never before that of the credits it moves")
    recorded_at: datetime
    batch: UUID
    resolves: int | None
    reverses: int | None
    reversed_by: int | None
    movements: list[Movement]
    balance: Parts = Field(description="after it")
    commitment: str


class Statement(BaseModel):
    """Entries in their order with what there was after each; `next` is the cursor of the following part."""

    learner: UUID
    scheme: str
    by: Axis
    recorded_at: datetime
    effective_on: date | None
    opening: Parts = Field(description="before the first entry of this part")
    closing: Parts = Field(description="after the last entry of all parts")
    items: list[StatementLine]
    next: str | None


#: columns of the statement as CSV
COLUMNS: Final = {
    "sequence": Text("Number", "序号"),
    "recorded_at": Text("Recorded at", "记账时间"),
    "effective_on": Text("Effective on", "生效日期"),
    "kind": Text("Kind", "类型"),
    "institution": Text("Institution", "机构"),
    "course_code": Text("Course code", "课程代码"),
    "course": Text("Course", "课程"),
    "attempt": Text("Attempt", "修读"),
    "grade": Text("Grade", "成绩"),
    "earned_on": Text("Earned on", "获得日期"),
    "credits": Text("Credits", "学分"),
    "provisional": Text("Provisional after", "待定余额"),
    "available": Text("Available after", "可用余额"),
    "held": Text("Held after", "占用余额"),
    "redeemed": Text("Redeemed after", "已兑换余额"),
    "converted": Text("Converted after", "已转换余额"),
    "expired": Text("Expired after", "已过期余额"),
    "revoked": Text("Revoked after", "已撤销余额"),
    "moved": Text("Moved after", "已迁出余额"),
    "learner": Text("Learner", "学习者"),
    "entry": Text("Entry", "分录"),
    "batch": Text("Batch", "批次"),
    "commitment": Text("Commitment", "承诺值"),
}
