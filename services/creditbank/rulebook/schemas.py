"""Bodies and answers of the rule routes."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from libs.common.fields import Key, Line
from services.creditbank.conversions.documents import ConversionDocument
from services.creditbank.programmes.documents import ProgrammeDocument, Title
from services.creditbank.rulebook.rules import RuleKind, State
from services.creditbank.schemes.rules import DEFAULT_SCHEME
from services.creditbank.xapi.reactions.documents import ReactionDocument

Document = Annotated[ConversionDocument | ProgrammeDocument | ReactionDocument, Field(discriminator="kind")]


class RuleBody(BaseModel):
    """A further version of rules, or the first."""

    model_config = ConfigDict(extra="forbid")

    institution: UUID
    code: Key = Field(description="the institution's own name of these rules; equal for all versions")
    title: Title
    scheme: Key = Field(default=DEFAULT_SCHEME, description="whose credits the rules are about")
    effective_from: date
    effective_until: date | None = Field(
        default=None, description="the last day; until a next version unless said"
    )
    document: Document

    @model_validator(mode="after")
    def in_order(self) -> "RuleBody":
        if self.effective_until is not None and self.effective_until < self.effective_from:
            raise PydanticCustomError("contradictory", "effective_until is before effective_from")
        return self


class DecisionBody(BaseModel):
    """What was decided, and why if it was refused."""

    model_config = ConfigDict(extra="forbid")

    decision: Literal["approve", "reject"]
    reason: Line | None = None


class RuleAnswer(BaseModel):
    """One version of rules."""

    id: UUID
    institution: UUID
    kind: RuleKind
    code: str
    version: int
    title: Title
    scheme: str
    target: str | None
    effective_from: date
    effective_until: date | None
    state: State
    in_force: bool = Field(description="approved, begun, and the newest such version")
    made_by: UUID
    made_at: datetime
    decided_by: UUID | None
    decided_at: datetime | None
    reason: str | None
    document: Document
