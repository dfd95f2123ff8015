"""Bodies of the deposit routes."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.config import JsonDict

from libs.common.fields import Key, fault
from services.creditbank.deposits.rules import MOST_ITEMS
from services.creditbank.ledger.rules import AMOUNT_PATTERN, LARGEST_AMOUNT, hundredths
from services.creditbank.schemes.rules import DEFAULT_SCHEME

#: what libs.common.fields.Key accepts, as a pattern
_KEY_PATTERN = r"^[^\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]*$"
_KEY_SCHEMA: JsonDict = {"type": "string", "minLength": 1, "maxLength": 200, "pattern": _KEY_PATTERN}
_SHORT_KEY_SCHEMA: JsonDict = {**_KEY_SCHEMA, "maxLength": 50}
#: the pattern of an amount that is not nothing
_CREDITS_SCHEMA: JsonDict = {"pattern": AMOUNT_PATTERN.replace("^", r"^(?!0*(\.0*)?$)", 1)}


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Reference(_Strict):
    """Named by the product's id, or by the id its roster gave it: exactly one of the two."""

    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [{"required": ["id"]}, {"required": ["sourced_id"]}],
            "properties": {"id": {"type": "string", "format": "uuid"}, "sourced_id": _KEY_SCHEMA},
        }
    )

    id: UUID | None = None
    sourced_id: Key | None = None

    @model_validator(mode="after")
    def exactly_one(self) -> "Reference":
        if len(self.model_fields_set) != 1 or (self.id is None) == (self.sourced_id is None):
            raise fault(
                "one_name", "must have id or sourced_id, not both", "id 与 sourced_id 须且只能给出一个"
            )
        return self


class DepositItem(_Strict):
    """Credits of one learner for one course."""

    key: Key = Field(
        description="the institution's own key of this item; sent again it has no second effect",
        json_schema_extra=_KEY_SCHEMA,
    )
    learner: Reference
    course: Reference
    attempt: Key | None = Field(
        default=None,
        description="the institution's name of this attempt: at most one live posting has it",
        json_schema_extra={"anyOf": [_KEY_SCHEMA, {"type": "null"}]},
    )
    credits: Annotated[str, Field(pattern=AMOUNT_PATTERN)] = Field(
        description="decimal text with at most two places, more than 0 and at most 10000.00",
        examples=["1.00"],
        json_schema_extra=_CREDITS_SCHEMA,
    )
    grade: Annotated[Key, Field(max_length=50)] | None = Field(
        default=None, json_schema_extra={"anyOf": [_SHORT_KEY_SCHEMA, {"type": "null"}]}
    )
    earned_on: Annotated[date, Field(strict=True)]

    @model_validator(mode="after")
    def within_limits(self) -> "DepositItem":
        if not 0 < hundredths(self.credits) <= LARGEST_AMOUNT:
            raise fault(
                "amount",
                "must have more than 0 and at most 10000.00 credits",
                "学分须大于 0 且不超过 10000.00",
            )
        return self


class DepositBody(_Strict):
    """Credits to post. Without `institution` they are the client's own organisation's."""

    scheme: Key = Field(default=DEFAULT_SCHEME, json_schema_extra=_KEY_SCHEMA)
    institution: UUID | None = None
    items: Annotated[list[DepositItem], Field(min_length=1, max_length=MOST_ITEMS)]


class ItemAnswer(BaseModel):
    """What became of one item. `entry` is absent when no entry stands for it, `reason` when not refused.

    `message` says why an item is refused or in conflict, in the caller's language; others have none.
    `home` is there when the learner moved to another bank node: its name, of those `/v1/nodes` lists.
    """

    key: str
    outcome: Literal["posted", "replayed", "conflict", "refused"]
    entry: UUID | None = None
    reason: (
        Literal[
            "learner_unknown",
            "learner_ambiguous",
            "course_unknown",
            "course_ambiguous",
            "attempt_already_posted",
            "learner_moved",
            "earned_in_future",
            "earned_too_early",
        ]
        | None
    ) = None
    message: str | None = None
    home: str | None = None


class DepositAnswer(BaseModel):
    """What became of each item, in the order sent, and how many fared how."""

    batch: UUID
    posted: int
    replayed: int
    conflicts: int
    refused: int
    items: list[ItemAnswer]


class PostedEntry(BaseModel):
    """One entry of a batch."""

    id: UUID
    learner: UUID
    course: UUID
    attempt: str | None
    credits: str
    grade: str | None
    earned_on: date
    sequence: int
    commitment: str


class Batch(BaseModel):
    """One call to post, as it was answered, with the entries it made."""

    id: UUID
    institution: UUID
    scheme: str
    recorded_at: datetime
    posted: int
    replayed: int
    conflicts: int
    refused: int
    credits: str
    entries: list[PostedEntry]
