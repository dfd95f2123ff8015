"""A reaction's terms as they are written and stored: JSON, amounts as decimal text."""

from typing import Annotated, Literal, Self
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from libs.common.fields import Key, fault
from services.creditbank.ledger.rules import AMOUNT_PATTERN, hundredths
from services.creditbank.xapi.protocol.rules import agent_key
from services.creditbank.xapi.reactions.rules import Condition, Terms
from services.creditbank.xapi.validation.fields import Identified, Iri


def _zone(value: str) -> str:
    try:
        return ZoneInfo(value).key
    except (KeyError, ValueError, OSError):
        raise fault(
            "zone",
            "must be a time zone, such as Asia/Shanghai or UTC",
            "必须是时区，例如 Asia/Shanghai 或 UTC",
        ) from None


_Score = Annotated[float, Field(ge=-1, le=1, strict=True)]
_Grade = Annotated[Key, Field(max_length=50)]
#: decimal text of an amount that is not nothing
_Credits = Annotated[str, Field(pattern=AMOUNT_PATTERN, examples=["4.00"])]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ConditionDocument(_Strict):
    """What a statement must say: one of the verbs, about one of the activities, or within one of `within`."""

    verbs: list[Iri] = Field(min_length=1, max_length=20)
    activities: list[Iri] = Field(default=[], max_length=50, description="ids of the statement's object")
    within: list[Iri] = Field(
        default=[], max_length=50, description="ids of its context's parent or grouping, instead"
    )
    score_at_least: _Score | None = Field(default=None, description="of result.score.scaled", examples=[0.6])
    success: bool | None = None
    completion: bool | None = None

    @model_validator(mode="after")
    def about_something(self) -> Self:
        """Credits are for something."""
        if not self.activities and not self.within:
            raise fault(
                "activities",
                "must name activities, or activities they are within",
                "须给出 activities 或 within",
            )
        return self


class GradeDocument(_Strict):
    """A grade, and the scaled score of the first condition's statement from which it is given."""

    at_least: _Score
    grade: _Grade


class ReactionDocument(_Strict):
    """Credits for statements: when a learner has met every condition, they are posted once."""

    kind: Literal["reaction"]
    conditions: list[ConditionDocument] = Field(min_length=1, max_length=10)
    course: UUID
    credits: _Credits
    attempt: Key | None = Field(
        default=None,
        description="as in deposits: a live posting of the same attempt stands in the way; else by the code",
    )
    grade: _Grade | None = Field(default=None, description="for who reaches none of `grades`")
    grades: list[GradeDocument] = Field(default=[], max_length=50)
    authorities: list[Identified] | None = Field(
        default=None,
        min_length=1,
        max_length=50,
        description="agents whose word counts, as in a statement's authority; else the organisation's own"
        " credentials and clients, and what spaces tells",
    )
    time_zone: Annotated[str, Field(max_length=100), AfterValidator(_zone)] = Field(
        default="Asia/Shanghai", description="by which days are counted: of earning, and of the rule's period"
    )

    @model_validator(mode="after")
    def gives_something(self) -> Self:
        """Nothing is no credits; and a score that leads to two grades leads to none."""
        if not hundredths(self.credits):
            raise fault("credits", "must give more than 0 credits", "学分须大于 0")
        if len({one.at_least for one in self.grades}) != len(self.grades):
            raise fault("grades", "must give one grade for a score", "同一分数只能对应一个成绩")
        return self

    def terms(self) -> Terms:
        return Terms(
            self.course,
            hundredths(self.credits),
            self.attempt,
            self.grade,
            tuple((one.at_least, one.grade) for one in self.grades),
            tuple(
                Condition(
                    frozenset(one.verbs),
                    frozenset(one.activities),
                    frozenset(one.within),
                    one.score_at_least,
                    one.success,
                    one.completion,
                )
                for one in self.conditions
            ),
            None
            if self.authorities is None
            else frozenset(key for one in self.authorities if (key := agent_key(one)) is not None),
            self.time_zone,
        )
