"""What a node answers to whom it has a move from."""

from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict


class Receipt(BaseModel):
    """The last word on a move: `applied`, it was taken in; `refused`, it never will be, for `reason`.

    Reasons are `learner_erased`, `attempt_already_posted` (the same attempt has live credits here) and
    `withdrawn`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    move: UUID
    state: Literal["applied", "refused"]
    reason: str | None
