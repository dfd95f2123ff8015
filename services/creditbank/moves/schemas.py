"""Bodies and answers of the routes of moves."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from libs.common.fields import Key, Line


class MoveBody(BaseModel):
    """Where the learner's credits are to be kept. Without `learner` they are the caller's own."""

    model_config = ConfigDict(extra="forbid")

    key: Key = Field(description="sent again under it, the move happens once")
    to: Key = Field(description="name of a bank node")
    learner: UUID | None = None


class RefusalBody(BaseModel):
    """Why the node that sent a move wants it back."""

    model_config = ConfigDict(extra="forbid")

    reason: Line


class MovedCredits(BaseModel):
    """How much moves, in one scheme."""

    scheme: str
    credits: str


class Move(BaseModel):
    """One move of a learner between two bank nodes, as this node knows it."""

    id: UUID
    direction: Literal["out", "in"]
    node: str = Field(description="the other node")
    state: Literal["open", "settled", "returned"] = Field(
        description="open: the credits are on their way, and can be spent nowhere"
    )
    follows: bool = Field(description="of credits that came free here after the learner had moved")
    began_at: datetime
    ended_at: datetime | None
    withdrawn: bool = Field(description="whether it was asked to return")
    reason: str | None = Field(
        description="why it returned: learner_erased, attempt_already_posted, withdrawn"
    )
    statement_digest: str = Field(description="SHA-256 of the statement, to which the entries commit")
    credits: list[MovedCredits]


class BankNode(BaseModel):
    """Another bank node."""

    name: str
    address: str


class BankNodes(BaseModel):
    """This bank node and those it exchanges learners with."""

    name: str
    others: list[BankNode]


class Departed(BaseModel):
    """What went to a node, by scheme and by how far the moves are."""

    scheme: str
    state: Literal["open", "settled", "returned"]
    moves: int
    credits: str


class Arrived(BaseModel):
    """What came from a node, by scheme."""

    scheme: str
    moves: int
    credits: str


class Transit(BaseModel):
    """What went to the node that asks, and what came from it."""

    departed: list[Departed]
    arrived: list[Arrived]
