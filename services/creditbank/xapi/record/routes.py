"""A learner's own record."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Final
from uuid import UUID

import orjson
from fastapi import APIRouter, Depends, Query, Request, Response

from libs.common.database import DatabaseOf
from libs.common.paging import InvalidCursor, Page, Paging, PagingOf, encode_cursor
from libs.common.problems import NotFound
from services.creditbank.callers import Learner
from services.creditbank.times import at_microseconds, microseconds
from services.creditbank.xapi.persons import service as persons
from services.creditbank.xapi.readings import service as readings
from services.creditbank.xapi.record import repository, service
from services.creditbank.xapi.record.rules import Place, Wanted, read_books
from services.creditbank.xapi.record.schemas import (
    Document,
    DocumentKey,
    From,
    Iri,
    KindOf,
    Line,
    Until,
    Words,
)

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


@router.get(
    "/v1/learners/{learner}/record/documents",
    summary="Activity state and profiles in a learner's record",
    response_model=Page[Document],
)
async def read_documents(
    request: Request, learner: UUID, caller: Learner, database: DatabaseOf, paging: PagingOf
) -> Response:
    """What applications keep about the learner, here and from elsewhere, changed last first.

    For the learner, and for guardians, as the record is.
    """
    of = await persons.owner(database.pool, caller, learner)
    after = paging.after(int, str)
    issuer = request.app.state.settings.issuer
    rows = await repository.documents(
        database.pool,
        of.holder,
        of.numbers,
        issuer=issuer,
        after=None if after is None else (at_microseconds(after[0]), _key(after[1]).hex()),
        limit=paging.limit + 1,
    )
    if not of.is_own:
        await readings.record_of_person(database.pool, caller.subject, learner, 0)
    return paging.answer(rows, headers=_NO_STORE)


@router.get(
    "/v1/learners/{learner}/record/documents/{key}",
    summary="One of these documents",
    response_class=Response,
    responses={200: {"content": {"*/*": {"schema": {"type": "string", "format": "binary"}}}}},
)
async def read_document(
    request: Request, learner: UUID, key: DocumentKey, caller: Learner, database: DatabaseOf
) -> Response:
    """The content as it was stored; no browser shows it, since anybody may have written it."""
    of = await persons.owner(database.pool, caller, learner)
    issuer = request.app.state.settings.issuer
    found = await repository.document(
        database.pool, of.holder, of.numbers, issuer=issuer, key=bytes.fromhex(key)
    )
    if found is None:
        raise NotFound
    if not of.is_own:
        await readings.record_of_person(database.pool, caller.subject, learner, 0)
    headers = {
        **_NO_STORE,
        "Content-Type": found["content_type"],
        "Content-Disposition": "attachment",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(found["content"], headers=headers)


def _key(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise InvalidCursor from None


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
