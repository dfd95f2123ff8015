"""How much of the neighbours' news has arrived here: what a composed answer says about itself."""

from datetime import datetime

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


def sources_of(request: Request) -> Sources:
    """The state of the neighbours' news in this process."""
    app_state = request.app.state
    within_s: float = app_state.settings.current_within_seconds
    inboxes: dict[str, Inbox] = {inbox.source: inbox for inbox in app_state.inboxes}
    return Sources(auth=_of(inboxes["auth"], within_s), creditbank=_of(inboxes["creditbank"], within_s))


def _of(inbox: Inbox, within_s: float) -> SourceState:
    return SourceState(as_of=inbox.as_of, current=inbox.is_current(within_s))
