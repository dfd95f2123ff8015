"""A learner's own record."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Final
from uuid import UUID

import orjson
from fastapi import APIRouter, Depends, Query, Request, Response

from libs.common.database import DatabaseOf
from libs.common.paging import InvalidCursor, Page, Paging, PagingOf, encode_cursor
from services.creditbank.callers import Learner
from services.creditbank.times import microseconds
from services.creditbank.xapi.persons import service as persons
from services.creditbank.xapi.readings import service as readings
from services.creditbank.xapi.record import service
from services.creditbank.xapi.record.rules import Place, Wanted, read_books
from services.creditbank.xapi.record.schemas import From, Iri, KindOf, Line, Until, Words

router: Final = APIRouter(tags=["records"])
_NO_STORE: Final = {"Cache-Control": "no-store"}
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


async def _wanted(
    kind: KindOf = None,
    verb: Iri = None,
    activity: Iri = None,
    organisation: Annotated[
        UUID | None, Query(description="only what its record store has, or credits it gave")
    ] = None,
    text: Words = None,
    since: From = None,
    until: Until = None,
) -> Wanted:
    return Wanted(kind, verb, activity, organisation, text, since, until)


@router.get(
    "/v1/learners/{learner}/record", summary="A learner's record, newest first", response_model=Page[Line]
)
async def read_record(
    request: Request,
    learner: UUID,
    caller: Learner,
    database: DatabaseOf,
    paging: PagingOf,
    wanted: Annotated[Wanted, Depends(_wanted)],
) -> Response:
    """What the learner did at any organisation of their line, and what credits came of it.

    For the learner, and for guardians; of a child under 14 only with a guardian's consent. Names are those of
    Accept-Language where there are such. With filters a page may be shorter than asked for, or empty, and yet
    name a next one: of a long record only a part is looked at for each.
    """
    of = await persons.owner(database.pool, caller, learner)
    lines, place = await service.timeline(
        database.pool,
        of,
        wanted,
        _place(paging),
        issuer=request.app.state.settings.issuer,
        limit=paging.limit,
        languages=request.headers.get("accept-language"),
    )
    if not of.is_own:
        await readings.record_of_person(database.pool, caller.subject, learner, len(lines))
    cursor = _cursor(place) if place is not None else None
    items = orjson.dumps(lines, default=str, option=orjson.OPT_UTC_Z)
    return paging.bytes_answer(items, cursor, {**_NO_STORE, "Vary": "Accept-Language"})


def _cursor(place: Place) -> str:
    happened = "" if place.happened is None else str(microseconds(place.happened))
    return encode_cursor(happened, place.position, place.books)


def _place(paging: Paging) -> Place:
    after = paging.after(str, int, str)
    if after is None:
        return Place()
    happened, position, books = after
    try:
        moment = _EPOCH + timedelta(microseconds=int(happened)) if happened else None
        return Place(moment, position, read_books(books))
    except (ValueError, OverflowError):
        raise InvalidCursor from None
