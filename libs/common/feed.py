"""The feed: a service's numbered events by HTTP, for readers whose stream has a gap or is away."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel

from libs.common.database import DatabaseOf
from libs.common.events import Event
from libs.common.identity import Caller, require
from libs.common.inbox import FeedPage, FeedUnavailable
from libs.common.languages import Text
from libs.common.problems import Problem
from libs.common.relay import BATCH
from libs.common.service_client import CallFailed, ServiceClient

router = APIRouter(tags=["events"])

SCOPE = "events.read"

# What is not numbered yet is not told either: `time` is then before it.
# Events before `after` may have been pruned; then the reader must be told rather than given a gap.
_PAGE = """
with page as (
  select sequence, id, type, subject, time, traceparent, data
  from outbox where sequence > $1 order by sequence limit $2
)
select json_build_object(
  'items', coalesce((select json_agg(json_build_object(
     'sequence', sequence, 'id', id, 'type', type, 'subject', subject,
     'time', to_char(time at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
     'traceparent', traceparent, 'data', data) order by sequence) from page), '[]'),
  'head', coalesce((select max(sequence) from outbox), 0),
  'time', to_char(coalesce(
     (select time - interval '1 microsecond' from outbox where sequence is null order by position limit 1),
     now()) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
), coalesce((select min(sequence) from page), $1 + 1) > $1 + 1 as gap
"""


class EventsPruned(Problem):
    """Events after this position are no longer kept; begin from a fresh copy of the data."""

    status = 410
    title = Text("Events after this position are no longer kept", "该位置之后的事件已不再保留")


class PublishedEvent(BaseModel):
    """One event; attribute names are those of CloudEvents 1.0."""

    sequence: int
    id: UUID
    type: str
    subject: str
    time: datetime
    traceparent: str | None
    data: dict[str, Any]


class EventPage(BaseModel):
    """Events in order, the newest number there is, and up to when everything recorded has a number."""

    items: list[PublishedEvent]
    head: int
    time: datetime


@router.get("/events", response_model=EventPage, summary="Events after a position")
async def read_events(
    database: DatabaseOf,
    _caller: Annotated[Caller, Depends(require(SCOPE))],
    after: Annotated[int, Query(ge=0, lt=2**63 - 1, description="the last number already applied")] = 0,
    limit: Annotated[int, Query(ge=1, le=BATCH)] = BATCH,
) -> Response:
    """Events numbered above `after`, oldest first. Numbers are dense: a missing one never existed."""
    row = await database.pool.fetchrow(_PAGE, after, limit)
    if row is None or row["gap"]:
        raise EventsPruned
    return Response(row[0], media_type="application/json")


class FeedClient:
    """Reads a neighbour's feed for an inbox."""

    def __init__(self, client: ServiceClient, address: str, audience: str) -> None:
        self._client = client
        self._address = address
        self._audience = audience

    async def read(self, after: int, limit: int) -> FeedPage:
        try:
            body = await self._client.get(
                f"{self._address}/events?after={after}&limit={limit}", audience=self._audience, scope=SCOPE
            )
            page = orjson.loads(body)
            return FeedPage(
                events=[_event(item) for item in page["items"]],
                head=page["head"],
                time=datetime.fromisoformat(page["time"]),
            )
        except (CallFailed, KeyError, TypeError, ValueError) as error:
            raise FeedUnavailable from error


def _event(item: dict[str, Any]) -> Event:
    return Event(
        id=UUID(item["id"]),
        sequence=item["sequence"],
        type=item["type"],
        subject=item["subject"],
        time=datetime.fromisoformat(item["time"]),
        data=orjson.dumps(item["data"]),
        traceparent=item["traceparent"],
    )
