"""How much of the neighbours' news has arrived here: what a composed answer says about itself."""

from datetime import datetime
from typing import Any

from fastapi import Request
from pydantic import BaseModel, Field

from libs.common.inbox import Inbox


class SourceState(BaseModel):
    """What is known of one neighbour."""

    as_of: datetime | None = Field(
        description="everything the neighbour recorded up to this time is in the answer; null: not known yet"
    )
    current: bool = Field(description="whether that is recent; false while the neighbour cannot be reached")


class Sources(BaseModel):
    """What is known of the neighbours whose events this answer is made of."""

    auth: SourceState
    creditbank: SourceState


def sources_of(request: Request) -> dict[str, dict[str, Any]]:
    """The state of the neighbours' news in this process, in the form of `Sources`."""
    state = request.app.state
    within_s: float = state.settings.current_within_seconds
    inboxes: list[Inbox] = state.inboxes
    return {one.source: {"as_of": one.as_of, "current": one.is_current(within_s)} for one in inboxes}
