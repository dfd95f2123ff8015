"""Bodies and answers of cases."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from libs.common.fields import Block, Key, Line
from services.creditbank.cases.rules import MOST_LINKS, About, Outcome, Remedy, Side
from services.creditbank.cases.service import Wish
from services.creditbank.corrections.schemas import Replacement
from services.creditbank.institutions.schemas import NamedInstitution

_Text = Annotated[Block, StringConstraints(max_length=5_000)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class AboutBody(_Strict):
    """What is disputed: an entry, or a request that was refused as a whole or in part."""

    kind: About
    id: UUID


class CaseBody(_Strict):
    """A case to open. `learner` is whose entry or request it is, the caller unless said."""

    about: AboutBody
    claim: _Text = Field(description="what is wrong, and what should be done")
    key: Key = Field(description="sent again it has no second effect")
    learner: UUID | None = None


class EvidenceBody(_Strict):
    """What a side brings forward. Links are references to what is kept elsewhere."""

    text: _Text
    links: list[Line] = Field(default=[], max_length=MOST_LINKS)


class RemedyWish(_Strict):
    """What is to be done: a deposit taken back or replaced, an award or a conversion taken back."""

    kind: Literal["revocation", "replacement", "rescission", "reversal"]
    replacement: Replacement | None = None

    @model_validator(mode="after")
    def consistent(self) -> "RemedyWish":
        if (self.kind == "replacement") != (self.replacement is not None):
            raise PydanticCustomError("contradictory", "a replacement alone says what takes the place")
        return self

    def wish(self) -> Wish:
        return Wish(self.kind, None if self.replacement is None else self.replacement.columns())


class CaseDecisionBody(_Strict):
    """A decision with its reasons. What it asks for, another one has to agree to."""

    outcome: Outcome
    reasons: _Text
    remedy: RemedyWish | None = None

    @model_validator(mode="after")
    def consistent(self) -> "CaseDecisionBody":
        if self.remedy is not None and self.outcome == "dismissed":
            raise PydanticCustomError("contradictory", "what is dismissed needs no remedy")
        return self


class AppealBody(_Strict):
    """Why the decision is wrong."""

    reasons: _Text


class RemedyBody(_Strict):
    """What was done since: a correction or deposit, or a request that was asked for again."""

    kind: Literal["correction", "deposit", "award", "transfer", "recognition"]
    id: UUID


class AboutAnswer(BaseModel):
    """What is disputed."""

    kind: About
    id: UUID


class CaseSummary(BaseModel):
    """How far a case is. `corrected`: it was upheld and put right, and may still be appealed against."""

    id: UUID
    learner: UUID
    institution: NamedInstitution
    about: AboutAnswer
    side: Side = Field(description="who opened it")
    state: Literal["opened", "evidence", "decided", "corrected", "appealed", "closed", "withdrawn"]
    outcome: Outcome | None = Field(description="of the newest decision")
    opened_at: datetime
    due_at: datetime | None = Field(description="by when the next decision is due; null if none is")
    overdue: bool
    appeal_until: datetime | None = Field(description="until when the decision can be appealed against")
    version: int


class Evidence(BaseModel):
    """What a side brought forward."""

    number: int
    side: Side
    text: str
    links: list[str]
    added_at: datetime


class Decided(BaseModel):
    """A decision: of the institution (1), or on the appeal (2)."""

    level: Literal[1, 2]
    outcome: Outcome
    reasons: str
    decided_at: datetime


class Appealed(BaseModel):
    """Why the level above was asked."""

    reasons: str
    appealed_at: datetime


class RemedyAnswer(BaseModel):
    """What puts the case right, whether it has been done, and the entries it made."""

    kind: Remedy
    id: UUID
    done: bool
    entries: list[UUID]


class CaseAnswer(CaseSummary):
    """A case with all that was said in it."""

    claim: str
    evidence: list[Evidence]
    decisions: list[Decided]
    appeal: Appealed | None
    remedies: list[RemedyAnswer]
